"""Hurdles: their laws, runs with them, and replays of runs without them."""

import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.bench import early_stopping
from lionhunt.search.bench.early_stopping import SETTINGS, stop
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.errors import ConfigError, RecordError
from lionhunt.search.evaluation.early_stopping import MIN_PARENTS, set_hurdles
from lionhunt.search.evaluation.fitness import to_outcome
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.deletion_search import delete_by_search
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import call
from tests.support.search.runs import FormulaPool, advance, config, create, score, score_job

LOSSES = st.floats(width=32, allow_nan=False, allow_infinity=False)
SMALL = st.floats(-1e6, 1e6, width=32)
SLACKS = st.floats(0, 10)
PERCENTILES = st.floats(0, 100)


def curves_of(losses, num_tasks=2, num_chunks=4):
    curve = st.tuples(*[losses] * num_chunks)
    return st.tuples(*[curve] * num_tasks)


@st.composite
def parents_of(draw, least=0):
    """Draw the curves of up to 30 programs; some losses are equal."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32)))
    count, spread = draw(st.integers(least, 30)), draw(st.sampled_from((3, 10**6)))
    losses = rng.integers(-spread, spread, (count, 2, 4)).astype(float).tolist()
    return [tuple(map(tuple, curves)) for curves in losses]


@given(curves_of(LOSSES), parents_of(), SLACKS, PERCENTILES)
def test_initial_program_always_passes(initial, parents, slack, percentile):
    for given_slack, given_percentile in ((slack, None), (None, percentile), (slack, percentile)):
        hurdles = set_hurdles(initial, parents, given_slack, given_percentile)
        if hurdles is None:
            assert given_slack is None and len(parents) < MIN_PARENTS
            continue
        # Training reads the hurdles in float32.
        limits = np.array(hurdles, np.float32)
        assert (np.array(initial, np.float32) <= limits).all()
        assert np.isposinf(limits[:, 0]).all()


@given(curves_of(SMALL), SLACKS, SLACKS)
def test_more_slack_stops_less_and_none_stops_at_the_initial_curve(initial, one, other):
    low, high = (np.array(set_hurdles(initial, (), s, None)) for s in sorted((one, other)))
    assert (low <= high).all()
    tight = np.array(set_hurdles(initial, (), 0.0, None))
    np.testing.assert_array_equal(tight[:, 1:], np.array(initial)[:, 1:])


@given(curves_of(SMALL), SLACKS, st.integers(-20, 20))
def test_scale_of_a_loss_does_not_matter(initial, slack, exponent):
    scaled = tuple(tuple(math.ldexp(loss, exponent) for loss in curve) for curve in initial)
    hurdles = np.ldexp(np.array(set_hurdles(initial, (), slack, None)), exponent)
    np.testing.assert_array_equal(hurdles, np.array(set_hurdles(scaled, (), slack, None)))


def test_slack_is_a_share_of_the_range_whatever_the_shape():
    falling, rising, flat = (4.0, 2.0, 1.0), (1.0, 2.0, 4.0), (3.0, 3.0, 3.0)
    hurdles = set_hurdles((falling, rising, flat), (), 0.5, None)
    assert hurdles == ((math.inf, 3.5, 2.5), (math.inf, 3.5, 5.5), (math.inf, 3.0, 3.0))


@given(parents_of(MIN_PARENTS), PERCENTILES, st.randoms())
def test_percentile_is_of_the_candidate_parents_in_any_order(parents, percentile, rng):
    lowest = ((-1e6,) * 4,) * 2
    hurdles = set_hurdles(lowest, parents, None, percentile)
    assert hurdles is not None
    for task, limits in enumerate(hurdles):
        for chunk, limit in enumerate(limits[1:], start=1):
            losses = sorted(curves[task][chunk] for curves in parents)
            place = (1 - percentile / 100) * (len(parents) - 1)
            assert limit == losses[math.ceil(place)]
    assert set_hurdles(lowest, rng.sample(parents, len(parents)), None, percentile) == hurdles


@given(curves_of(SMALL), parents_of(MIN_PARENTS), SLACKS, PERCENTILES)
def test_the_lower_hurdle_counts(initial, parents, slack, percentile):
    both = set_hurdles(initial, parents, slack, percentile)
    one, other = (
        set_hurdles(initial, (), slack, None),
        set_hurdles(initial, parents, None, percentile),
    )
    np.testing.assert_array_equal(np.array(both), np.min([np.array(one), np.array(other)], axis=0))


# Runs, with scores by a formula.

LARGE = {
    "num_programs": 300,
    "evolution": {"population_size": 40, "tournament_size": 3, "lag": 6},
}
RULES = ({"slack": 0.2}, {"percentile": 60.0}, {"slack": 0.3, "percentile": 40.0})


def run(folder, pool=None, **changes):
    """Run to the end; return the digest, the outcomes, and the pool that scored them."""
    pool = pool or FormulaPool()
    with create(folder, **LARGE, **changes) as records:
        digest = advance(records, pool).history_digest()
        return digest, records.outcome_summaries(), pool


def curves_of_records(records) -> dict[str, tuple[float, ...]]:
    """Return the curve of every program, by fingerprint."""
    measured = ((name, records.measurement(name)) for name in records.outcome_summaries())
    return {name: measurement.curves[0] for name, measurement in measured}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return a run with each rule and, last, one without hurdles."""
    return [run(tmp_path_factory.mktemp("run"), hurdles=rule) for rule in (*RULES, {})]


def test_rules_make_different_runs_and_stop_some(runs):
    assert len({digest for digest, _, _ in runs}) == len(runs)
    for _, outcomes, _ in runs[:-1]:
        statuses = [status for _, status in outcomes.values()]
        assert {Status.OK, Status.HURDLE, Status.NOT_FINITE} == set(statuses)
    assert Status.HURDLE not in [status for _, status in runs[-1][1].values()]
    assert set(runs[-1][2].hurdles.values()) == {None}


def test_what_survives_has_the_fitness_that_it_has_without(runs):
    initial = score(assemble(load_initial("adamw_initial")))
    for _, outcomes, pool in runs:
        for job in pool.jobs:
            fitness, status = outcomes[job.name]
            whole = to_outcome(score(job.bytecode), initial, [True], "mean")
            if status is not Status.HURDLE:
                assert (fitness, status) == (whole.fitness, whole.measurement.status)
            else:
                assert fitness is None and stop(score(job.bytecode), job.hurdles).status is status


@pytest.mark.parametrize("seed", (1, 2, 3))
@pytest.mark.parametrize("number", range(len(RULES)))
def test_order_of_results_does_not_matter(number, seed, runs, tmp_path):
    digest, outcomes, pool = runs[number]
    again = run(tmp_path, FormulaPool(seed), hurdles=RULES[number])
    assert (digest, outcomes, pool.hurdles) == (again[0], again[1], again[2].hurdles)


@pytest.mark.parametrize("stops", [[45, 47, 48], [70, 130, 131, 220], range(0, 300, 29)])
def test_stopped_and_resumed_equals_undisturbed(stops, runs, tmp_path):
    digest, outcomes, pool = runs[2]
    hurdles = {}
    with create(tmp_path, hurdles=RULES[2], **LARGE):
        pass
    for seed, end in enumerate((*stops, None)):
        with RunStore.open_to_write(tmp_path) as records:
            another = FormulaPool(seed)
            advance(records, another, end)
            hurdles |= another.hurdles
    with RunStore.open_to_read(tmp_path) as records:
        assert (records.history_digest(), records.outcome_summaries()) == (digest, outcomes)
    assert hurdles == pool.hurdles


def test_percentile_is_that_of_the_different_candidate_parents(runs, tmp_path):
    with create(tmp_path, hurdles=RULES[1], **LARGE) as records:
        advance(records, pool := FormulaPool())
        rows = list(records.rows())
        curves = curves_of_records(records)
    initial = curves[rows[0].fingerprint]
    first = {row.fingerprint: row.individual.index for row in reversed(rows)}
    checked = 0
    for name, hurdles in pool.hurdles.items():
        parents = rows[first[name] - 46 : first[name] - 6] if first[name] >= 46 else rows[:40]
        alive = {
            row.fingerprint: curves[row.fingerprint] for row in parents if row.fitness is not None
        }
        if len(alive) < MIN_PARENTS:
            assert hurdles is None
            continue
        losses = np.sort(list(alive.values()), axis=0)
        expected = np.maximum(losses[math.ceil(0.4 * (len(alive) - 1))], initial)
        assert hurdles is not None
        np.testing.assert_array_equal(hurdles[0][1:], expected[1:])
        checked += 1
    assert checked > 20


def test_memory_holds_the_curves_of_candidate_parents_alone(tmp_path):
    with create(tmp_path, hurdles=RULES[1], **LARGE) as records:
        run_config, initial = load_run(records)
        pool = FormulaPool()
        search = Search(
            run_config, initial, records, pool, pool.start(Job("reference", assemble(initial)))
        )
        for _ in search.run():
            assert len(search._curves) <= 46
        assert len(search._curves) > 20


def test_run_from_before_there_were_hurdles_goes_on_without(runs, tmp_path):
    digest, _, _ = runs[-1]
    run_config = config(**LARGE)
    info = summarize_setup(run_config, load_initial(run_config.initial))
    del info["config"]["hurdles"]
    with RunStore.create(tmp_path, info) as records:
        advance(records, FormulaPool(), 100)
        assert advance(records, FormulaPool(1)).history_digest() == digest


def test_deletion_search_wants_every_score():
    pool = FormulaPool()
    tasks = config().tasks
    program = load_initial("adamw_initial")
    delete_by_search(program, pool, SimplifyConfig(tasks=tasks), 60, lambda text: None)
    assert len(pool.jobs) > 5 and set(pool.hurdles.values()) == {None}


@pytest.mark.parametrize(
    "hurdles, message",
    [
        ({"slack": -0.1}, "hurdles.slack: .*greater than or equal to 0, got -0.1"),
        ({"percentile": 101.0}, "hurdles.percentile: .*less than or equal to 100, got 101.0"),
    ],
)
def test_hurdles_out_of_range_are_refused(hurdles, message):
    with pytest.raises(ConfigError, match=message):
        config(hurdles=hurdles)


# Replays of a run without.


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return the folder of a finished run without hurdles."""
    folder = tmp_path_factory.mktemp("replayed")
    run(folder)
    return folder


def test_replay_stops_what_training_would_have_stopped(folder, runs):
    with RunStore.open_to_read(folder) as records:
        history = early_stopping.load_history(records)
    _, outcomes, pool = runs[0]
    hurdled = {job.name: score_job(job) for job in pool.jobs}
    replayed = early_stopping.replay(history, **RULES[0], percentile=None)
    assert replayed.keys() == history.measurements.keys()
    both = hurdled.keys() & replayed.keys()
    assert {outcomes[name][1] for name in both} == {Status.OK, Status.HURDLE, Status.NOT_FINITE}
    for name in both:
        assert replayed[name].status is hurdled[name].status
        np.testing.assert_equal(replayed[name].curves, hurdled[name].curves)


def test_bench_counts_what_is_saved_and_lost(folder, monkeypatch, capsys):
    figures = json.loads(call(monkeypatch, capsys, "bench", "hurdles", folder, "--json"))
    with RunStore.open_to_read(folder) as records:
        outcomes = records.outcome_summaries()
        curves = curves_of_records(records)
        initial = curves[records.row(0).fingerprint]
    assert figures["evaluated"] == len(outcomes)
    fitness = {name: value for name, (value, _) in outcomes.items() if value is not None}
    assert figures["finished"] == len(fitness)
    ranked = sorted(fitness.values(), reverse=True)
    assert [(s["slack"], s["percentile"]) for s in figures["settings"]] == list(SETTINGS)
    of_slack = [setting for setting in figures["settings"] if setting["percentile"] is None]
    for setting in of_slack:
        hurdles = set_hurdles((initial,), (), setting["slack"], None)
        assert hurdles is not None
        _, *limits = hurdles[0]
        passed = {
            name: next((i for i in (1, 2, 3) if curve[i] > np.float32(limits[i - 1])), None)
            for name, curve in curves.items()
            if name in fitness
        }
        stopped = [fitness[name] for name, chunk in passed.items() if chunk is not None]
        assert setting["stopped"] == len(stopped)
        saved = sum(4 - (chunk + 1) for chunk in passed.values() if chunk is not None)
        assert setting["saved"] == pytest.approx(saved / sum(map(len, curves.values())))
        for key, share in (("top_1_percent", 0.01), ("top_10_percent", 0.1)):
            count = max(1, round(share * len(ranked)))
            assert setting["lost"][key] == [sum(f >= ranked[count - 1] for f in stopped), count]
        assert setting["best_lost_fitness"] == max(stopped, default=None)
        assert setting["best_survived"] == (ranked[0] not in stopped)
    saved = [setting["saved"] for setting in of_slack]
    assert saved == sorted(saved, reverse=True) and saved[0] > 0.1 > saved[-1]
    assert "best lost" in call(monkeypatch, capsys, "bench", "hurdles", folder)


def test_summary_tells_the_share_of_training_that_was_saved(folder):
    with RunStore.open_to_read(folder) as records:
        lengths = [len(curve) for curve in curves_of_records(records).values()]
        saved = summarize_run(records)["training_saved"]
    assert saved == pytest.approx(1 - sum(lengths) / (len(lengths) * NUM_CHUNKS))


def test_stop_at_the_last_chunk_is_a_stop():
    whole = Measurement(Status.OK, (1.0,), ((3.0, 2.0, 1.0),))
    assert stop(whole, ((math.inf, 2.0, 1.0),)) is whole
    stopped = stop(whole, ((math.inf, 2.0, 0.5),))
    assert stopped == Measurement(Status.HURDLE, curves=whole.curves)


def test_seconds_of_chunks_are_fitted_to_the_evaluations():
    def measured(*lengths):
        seconds = 0.25 * lengths[0] + (0.5 * lengths[1] if len(lengths) > 1 else 0)
        curves = tuple((1.0,) * length for length in lengths)
        return Measurement(Status.HURDLE, curves=curves, seconds=seconds)

    measurements = {"a": measured(10, 10), "b": measured(3), "c": measured(10, 2)}
    history = early_stopping.ReplayedHistory(["a", "b", "c"], measurements, {}, 1, 0)
    assert early_stopping.chunk_seconds(history) == pytest.approx([0.25, 0.5])


def test_run_with_hurdles_is_no_measure_of_hurdles(tmp_path):
    with create(tmp_path, hurdles=RULES[0]) as records:
        with pytest.raises(RecordError, match="was made with hurdles; give a run without"):
            early_stopping.bench_hurdles(records)
    with create(tmp_path / "empty") as records:
        with pytest.raises(RecordError, match="has no programs yet"):
            early_stopping.bench_hurdles(records)
