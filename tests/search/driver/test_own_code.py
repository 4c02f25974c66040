"""Runs with the user's fitness and mutations: one history, in any order and with any stops."""

# pyright: reportOperatorIssue=false

import sqlite3
from contextlib import closing

import pytest

from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.work import measure_cost
from lionhunt.search.driver.objectives.front import read_front
from lionhunt.search.driver.setup import load_run, summarize_setup
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import ConfigError, RecordError, UserCodeError
from lionhunt.search.evaluation.outcome import EvaluationId, Status
from lionhunt.search.evolution.regularized import window
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.user_code.loading import load
from tests.support.search.own_code import write_own_code
from tests.support.search.runs import FormulaPool, advance, config, create, finished, measured

SIZE = {"num_programs": 150, "evolution": {"population_size": 12, "tournament_size": 3, "lag": 6}}


@pytest.fixture
def own(tmp_path):
    return write_own_code(tmp_path / "own")


def options(own, fitness="combine", **changes):
    return {
        **SIZE,
        "evaluation": {"fitness": own[fitness]},
        "mutation": {"extra": [own["graft"]], "extra_weights": [2.0], "crossover": 1.0},
        **changes,
    }


@pytest.mark.parametrize("fitness", ["combine", "trade"])
def test_history_is_the_same_in_any_order_and_after_any_stop(fitness, own, tmp_path):
    racing = {"num_best": 2, "max_seeds": 4, "num_fresh": 2}
    changes = options(own, fitness, racing=racing, objectives={"front_parents": 0.2})
    digest = finished(tmp_path / "a", **changes)
    assert finished(tmp_path / "b", FormulaPool(5), **changes) == digest
    with create(tmp_path / "c", **changes):
        pass
    for seed, stop in enumerate([0, 12, 13, 40, 41, 100]):
        with RunStore.open_to_write(tmp_path / "c") as records:
            advance(records, FormulaPool(seed), stop)
    with RunStore.open_to_write(tmp_path / "c") as records:
        assert advance(records, FormulaPool(9)).history_digest() == digest
    with RunStore.open_to_read(tmp_path / "a") as one, RunStore.open_to_read(tmp_path / "c") as two:
        assert summarize_run(one)["invalid_mutants"] == summarize_run(two)["invalid_mutants"]


def test_fitness_is_what_the_function_returns(own, tmp_path):
    with create(tmp_path / "run", **options(own)) as records:
        rows = list(advance(records, FormulaPool()).rows())
        (zero,) = measured(records, rows[0].fingerprint).scores
        for row in rows:
            if row.fitness is not None:
                (score,) = measured(records, row.outcome).scores
                length = measure_cost(canonicalize(row.individual.program)).length
                assert row.fitness == pytest.approx((score - zero) / zero - 0.005 * length)


def test_further_numbers_are_axes_of_the_front(own, tmp_path):
    with create(tmp_path / "run", **options(own, "trade")) as records:
        rows = list(advance(records, FormulaPool()).rows())
        front = [row for row, _ in read_front(records)]

        def place(row):
            curve = measured(records, row.outcome).curves[0]
            state = measure_cost(canonicalize(row.individual.program)).state
            return (row.fitness, -curve[-1], state)

        members = summarize_run(records)["front"]
        trained = {row.fingerprint: row for row in rows if row.fitness is not None}
        best = {
            name
            for name, row in trained.items()
            if not any(
                other is not row
                and all(a >= b for a, b in zip(place(other), place(row), strict=True))
                and place(other) != place(row)
                for other in trained.values()
            )
        }
        assert {row.fingerprint for row in front} <= best
        assert {place(trained[name]) for name in best} == {place(row) for row in front}
        for row, member in zip(front, members, strict=True):
            assert (member["fitness"], *member["objectives"]) == pytest.approx(place(row))
    assert len(front) > 1


def test_objectives_of_a_race_are_means_over_its_further_seeds(own, tmp_path):
    racing = {"num_best": 3, "max_seeds": 4, "num_fresh": 0}
    with create(tmp_path / "run", **options(own, "trade", racing=racing)) as records:
        advance(records, FormulaPool())
        raced = [
            (row, m)
            for row, m in zip(
                (row for row, _ in read_front(records)),
                summarize_run(records)["front"],
                strict=True,
            )
            if row.outcome.number > 1
        ]
        for row, member in raced:
            losses = [measured(records, name).curves[0][-1] for name in row.outcome.of_fitness]
            assert member["objectives"][0] == pytest.approx(-sum(losses) / len(losses))
    assert raced


def test_invalid_mutants_are_counted_by_name(own, tmp_path):
    with create(tmp_path / "run", **options(own)) as records:
        rows = list(advance(records, FormulaPool()).rows())
        summary = summarize_run(records)
        assert records.invalid_mutants() == summary["invalid_mutants"]
    ((name, count),) = summary["invalid_mutants"].items()
    num_draws = sum(row.individual.num_draws for row in rows)
    assert name == "own_mutation.graft" and 10 < count < num_draws
    assert {row.individual.mutation for row in rows} >= {name, "crossover", "insert"}


def test_second_parents_are_recorded_and_in_the_window(own, tmp_path):
    with create(tmp_path / "run", **options(own)) as records:
        rows = list(advance(records, FormulaPool()).rows())
        seconds = {row.individual.index: row.individual.second_parent for row in rows}
    crossed = {row.individual.index for row in rows if row.individual.mutation == "crossover"}
    assert {index for index, second in seconds.items() if second is not None} == crossed
    assert len(crossed) > 10
    assert all(seconds[index] in window(index, 12, 6) for index in crossed)


def count_calls(own, monkeypatch):
    """Return the programs that the user's fitness is called with from now on."""
    seen = []
    function = load(own["combine"]).value
    monkeypatch.setitem(function.__globals__, "sum", lambda x: seen.append(1) or sum(x))
    return seen


def test_recorded_individuals_are_not_judged_again(own, tmp_path, monkeypatch):
    with create(tmp_path / "run", **options(own)) as records:
        advance(records, FormulaPool(), 100)
    seen = count_calls(own, monkeypatch)
    with RunStore.open_to_write(tmp_path / "run") as records:
        summarize_run(records)
        assert not seen
        known = records.outcome_summaries().keys()
        advance(records, FormulaPool())
        later = records.outcome_summaries()
    trained = [name for name in later.keys() - known if later[name][1] is Status.OK]
    # Once more is the reference, twice as the first call.
    assert len(seen) == len(trained) + 2 and len(trained) > 10


def test_nothing_is_lost_when_the_function_fails_at_a_later_program(own, tmp_path):
    file = tmp_path / "own" / "own_fitness.py"
    code = file.read_text().replace("    return sum(", "    check(evaluated)\n    return sum(")
    file.write_text(
        code + "\nn = 0\ndef check(e):\n    global n\n    n += 1\n    assert n < 40, 'enough'\n"
    )
    with (
        pytest.raises(
            UserCodeError, match=r"raises AssertionError: enough .*, line 17\)"
        ) as raised,
        create(tmp_path / "run", **options(own)) as records,
    ):
        advance(records, FormulaPool())
    assert "\n" not in str(raised.value)
    with RunStore.open_to_write(tmp_path / "run") as records:
        records.check()
        assert 30 < len(records.outcome_summaries()) < 60
        assert records.count() > 12


def test_reference_with_another_fitness_than_recorded_stops_a_resumed_run(own, tmp_path):
    with create(tmp_path / "run", **options(own)) as records:
        advance(records, FormulaPool(), 30)
    # It reads more than its argument and its source.
    load(own["combine"]).value.__globals__["FACTOR"] = 0.25
    with (
        RunStore.open_to_write(tmp_path / "run") as records,
        pytest.raises(UserCodeError, match="for the reference, and returned .* when the run began"),
    ):
        advance(records, FormulaPool())


def test_unfit_programs_are_failures(own, tmp_path):
    file = tmp_path / "own" / "own_fitness.py"
    file.write_text("def combine(e):\n    return e.fitness if e.fitness > -0.3 else None\n")
    with create(tmp_path / "run", **options(own)) as records:
        rows = list(advance(records, FormulaPool()).rows())
        outcomes = summarize_run(records)["outcomes"]
    assert outcomes["unfit"] > 1
    assert all((row.fitness is None) == (row.status is not Status.OK) for row in rows)


def test_sources_are_part_of_the_setup(own, tmp_path):
    with create(tmp_path / "run", **options(own)) as records:
        sources = records.info()["sources"]
        run_config, initial = load_run(records)
    names = {path.rpartition("/")[2] for path in sources}
    assert names == {"own_fitness.py", "helper.py", "own_mutation.py"}
    assert summarize_setup(run_config, initial)["sources"] == sources
    assert "sources" not in summarize_setup(config(), initial)


@pytest.mark.parametrize(
    "forgery, message",
    [
        ("DELETE FROM objectives WHERE outcome LIKE '%0%'", "an objective is missing"),
        (
            "UPDATE objectives SET objectives = '[1.0]' WHERE outcome LIKE '%0%'",
            "row of objectives",
        ),
    ],
)
def test_damaged_objectives_are_named(forgery, message, own, tmp_path):
    finished(tmp_path / "run", **options(own, "trade"))
    with closing(sqlite3.connect(tmp_path / "run" / "run.sqlite")) as connection, connection:
        connection.execute(forgery)
    with (
        RunStore.open_to_read(tmp_path / "run") as records,
        pytest.raises(RecordError, match=message),
    ):
        summarize_run(records)


@pytest.mark.parametrize(
    "changes, message",
    [
        ({"evaluation": {"fitness": "my fitness"}}, "evaluation.fitness: .*names no code"),
        ({"mutation": {"extra": ["graft"]}}, "mutation.extra: .*names no code"),
        (
            {"mutation": {"extra": ["a:f"], "extra_weights": [1.0, 2.0]}},
            "2 extra_weights for 1 mut",
        ),
        ({"mutation": {"extra": ["a:f", "b.a:f"]}}, "two are called alike among a.f, a.f"),
        ({"mutation": {"extra": ["a:f"], "extra_weights": [-1.0]}}, "extra_weights.0: .*greater"),
        (
            {"evolution": {"method": "random", "population_size": 5}, "mutation": {"crossover": 1}},
            "method 'random' has no two parents to cross",
        ),
    ],
)
def test_bad_keys_are_refused(changes, message):
    with pytest.raises(ConfigError, match=message):
        config(**changes)


def test_evaluations_have_the_names_that_records_use(own, tmp_path):
    with create(tmp_path / "run", **options(own, "trade")) as records:
        advance(records, FormulaPool())
        names = records.objectives().keys()
        assert {EvaluationId.parse(name).owner for name in names} <= records.names()[0]
