"""The loop: one history, in any order of results and with any number of stops."""

import dataclasses
import gc

import pytest

from lionhunt import dsl
from lionhunt.search.driver.garbage_collection import GC_THRESHOLDS, rare_garbage_collection
from lionhunt.search.driver.scoring import start_pool
from lionhunt.search.driver.setup import load_initial, summarize_setup
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.environment import summarize_environment
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers import open_pool
from tests.support.search.runs import FormulaPool, advance, config, create, finished, score


@pytest.fixture(scope="module")
def digest(tmp_path_factory):
    """Return the digest of an undisturbed run."""
    return finished(tmp_path_factory.mktemp("run"))


@pytest.mark.parametrize("seed", range(1, 6))
def test_order_of_results_does_not_matter(seed, digest, tmp_path):
    assert finished(tmp_path, FormulaPool(seed)) == digest


@pytest.mark.parametrize("change", [{"seed": 2}, {"evolution": {"population_size": 10, "lag": 5}}])
def test_another_seed_or_lag_is_another_run(change, digest, tmp_path):
    assert finished(tmp_path, **change) != digest


@pytest.mark.parametrize("stops", [[0], [1], [9, 10, 11], [30, 31, 90], range(0, 120, 7)])
def test_stopped_and_resumed_equals_undisturbed(stops, digest, tmp_path):
    with create(tmp_path):
        pass
    for seed, stop in enumerate(stops):
        with RunStore.open_to_write(tmp_path) as records:
            advance(records, FormulaPool(seed), stop)
    with RunStore.open_to_write(tmp_path) as records:
        assert advance(records, FormulaPool(99)).history_digest() == digest


def test_what_was_scored_before_a_stop_is_not_scored_again(tmp_path):
    first, second = FormulaPool(1), FormulaPool(2)
    with create(tmp_path) as records:
        advance(records, first, 60)
        known = set(records.outcome_summaries())
        advance(records, second)
    assert known and not known & set(second.submitted)


def test_resumed_run_reads_the_programs_of_parents_alone(tmp_path, monkeypatch):
    with create(tmp_path) as records:
        count = advance(records, FormulaPool(), 60).count()
    read, row = [], RunStore.row
    monkeypatch.setattr(RunStore, "row", lambda self, index: read.append(index) or row(self, index))
    with RunStore.open_to_write(tmp_path) as records:
        rows = list(advance(records, FormulaPool()).rows(count))
    bred = [row.individual.parent for row in rows if row.individual.parent is not None]
    # The progress shows the first individual.
    assert sorted(read) == sorted({0, *bred} & set(range(count)))


def test_every_fingerprint_is_trained_once(tmp_path):
    pool = FormulaPool()
    with create(tmp_path) as records:
        advance(records, pool)
        rows = list(records.rows())
        statuses = records.count_by_status()
        evaluated = summarize_run(records)["evaluated"]
    assert len(pool.submitted) == len(set(pool.submitted))
    names = {row.fingerprint for row in rows}
    # The pool scored the initial program at its start.
    assert set(pool.submitted) == names - {rows[0].fingerprint}
    assert evaluated == len(names) == sum(statuses.values())
    assert set(statuses) == {Status.OK, Status.NOT_FINITE}


def test_history_is_what_evolution_says(tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool())
        rows = list(records.rows())
    initial = dsl.library.load("adamw_initial")
    assert [row.individual.index for row in rows] == list(range(120))
    for row in rows:
        individual = row.individual
        assert row.fingerprint == dsl.fingerprint(individual.program)
        assert row.num_needed == len(dsl.simplify(individual.program).statements)
        if individual.index < 10:
            assert individual.program == initial and individual.parent is None
            assert row.fitness == 0
        else:
            assert individual.parent is not None
            assert individual.index - 16 <= individual.parent < max(10, individual.index - 6)


def test_progress_counts_what_the_records_hold(tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool(), 80)
        advance(records, FormulaPool())
        summary = summarize_run(records)
        rows = list(records.rows())
    assert summary["complete"] and summary["programs"] == 120
    assert summary["evaluated"] + summary["cache_hits"] == 120 - 10 + 1
    lengths = [(row.num_statements, row.num_needed) for row in rows[-10:]]
    redundant = 1 - sum(n for _, n in lengths) / sum(n for n, _ in lengths)
    assert summary["redundant_share"] == pytest.approx(redundant)
    best = max(rows, key=lambda row: row.fitness_or_neg_inf)
    assert summary["best"]["index"] == best.individual.index
    assert summary["best"]["fitness"] == best.fitness_or_neg_inf > 0


def test_bug_in_an_evaluation_stops_the_run_and_loses_nothing(digest, tmp_path):
    def buggy(bytecode, scored=[]):  # noqa: B006 (counts over calls)
        scored.append(bytecode)
        if len(scored) > 30:
            raise ZeroDivisionError("a bug")
        return score(bytecode)

    with pytest.raises(ZeroDivisionError), create(tmp_path) as records:
        advance(records, FormulaPool(scorer=buggy))
    with RunStore.open_to_write(tmp_path) as records:
        assert 10 < records.count() < 120
        assert advance(records, FormulaPool()).history_digest() == digest


def elsewhere(bytecode):
    """Return the scores of another machine."""
    measurement = score(bytecode)
    return dataclasses.replace(measurement, scores=tuple(s + 1e-7 for s in measurement.scores))


def test_machine_that_scores_differently_is_refused(tmp_path):
    with create(tmp_path) as records:
        advance(records, FormulaPool(), 50)
        with pytest.raises(RecordError, match="here the initial program scores") as error:
            advance(records, FormulaPool(scorer=elsewhere))
        assert records.count() < 120
    message = str(error.value)
    assert "(nothing else that is recorded differs)" in message and "\n" not in message
    assert message.endswith(f" with: lionhunt resume {tmp_path} --rescore")


def test_machine_of_the_same_scores_and_other_losses_is_refused(tmp_path):
    """Check the losses too: an accuracy, a count out of hundreds, may be equal by chance."""

    def other_losses(bytecode):
        measurement = score(bytecode)
        (curve,) = measurement.curves
        return dataclasses.replace(measurement, curves=((*curve[:-1], curve[-1] + 1e-7),))

    with create(tmp_path) as records:
        advance(records, FormulaPool(), 50)
        with pytest.raises(RecordError, match="here the initial program has a training loss of"):
            advance(records, FormulaPool(scorer=other_losses))


def test_refusal_names_what_differs_between_the_places(tmp_path):
    info = summarize_setup(config(), load_initial("adamw_initial"))
    info["versions"] = info["versions"] | {"jax": "0.10.99", "ray": None}
    info["tasks"] = [info["tasks"][0] | {"digest": "of other data"}]
    info["processor"] = "Abacus"
    info["source_digest"] = "of older source"
    # Older records lack these.
    for key in ("machine", "jax_device"):
        del info[key]
    here = summarize_environment()
    with RunStore.create(tmp_path, info) as records:
        advance(records, FormulaPool(), 50)
        with pytest.raises(RecordError) as error:
            advance(records, FormulaPool(scorer=elsewhere))
    assert (
        f"(jax 0.10.99 there and {here['versions']['jax']} here, "
        f"ray None there and {here['versions']['ray']} here, "
        f"processor Abacus there and {here['processor']} here, "
        f"source of lionhunt of older source there and {here['source_digest']} here, "
        "digits_mlp has other data here)"
    ) in str(error.value)


def test_initial_program_that_does_not_train_is_refused():
    program = dsl.parse("def f(w, g, lr):\n  return log(0.0) * w")
    with pytest.raises(ConfigError, match=r"does not train on the tasks \(not_finite\)"):
        with start_pool(config(), program, num_workers=0):
            pass


def test_initial_program_without_a_required_property_is_refused():
    program = dsl.parse("def f(w, g, lr):\n  return g * 0.1 + 0.001")
    required = config(space={"require": ["odd", "no_drift", "scale_free"]})
    with pytest.raises(ConfigError, match="initial program lacks odd, no_drift, scale_free;"):
        with start_pool(required, program, num_workers=0):
            pass


def test_workers_are_limited_as_the_config_says(monkeypatch):
    opened = []

    def open_formula_pool(host, *limits):
        opened.append((host, *limits))
        return FormulaPool()

    monkeypatch.setattr(open_pool, "RayHost", lambda _, *options: options)
    monkeypatch.setattr(open_pool, "WorkerPool", open_formula_pool)
    limits = {"candidate_seconds": 7.0, "batch_size": 2, "worker_memory_gib": 3.0}
    chosen = {"num_workers": 4, "ray_address": "there:6379"}
    with start_pool(config(evaluation=limits), load_initial("adamw_initial"), **chosen):
        assert opened == [((4, "there:6379", 3.0), 4, 7.0, 2)]


def test_initial_program_from_a_file(tmp_path):
    path = tmp_path / "mine.txt"
    path.write_text(str(dsl.library.load("lion")))
    assert load_initial(str(path)) == dsl.library.load("lion")


@pytest.mark.parametrize(
    "text, message",
    [
        ("def f(w, g, lr):\n  return squre(g)", "mine.txt:2:10: unknown function 'squre'"),
        ("def f(w, g, lr):\n  u = interp(g, w, g)\n  return u", "2:7: argument 3 of interp"),
        (None, "no program '.*mine.txt'; give a file"),
    ],
)
def test_bad_initial_program_is_refused(tmp_path, text, message):
    path = tmp_path / "mine.txt"
    if text is not None:
        path.write_text(text)
    with pytest.raises(ConfigError, match=message) as error:
        load_initial(str(path))
    assert "\n" not in str(error.value)


def test_garbage_collection_is_rare_in_the_loop_and_as_before_after_an_error():
    before = gc.get_threshold()
    with pytest.raises(ZeroDivisionError), rare_garbage_collection():
        assert gc.get_threshold()[0] == GC_THRESHOLDS[0] > before[0]
        raise ZeroDivisionError
    assert gc.get_threshold() == before
