"""Simulated workers: the run is real, and time passes as in a queue."""

import json
import random

import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.interpreter import run
from lionhunt.search.cli import simulate as command
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.reporting.blocks import to_markdown_report
from lionhunt.search.simulation.figures import load_figure
from lionhunt.search.simulation.loop import (
    Load,
    enough_lag,
    follow_best,
    make_config,
    simulate_load,
)
from lionhunt.search.simulation.report import simulation_blocks, summarize_simulation
from lionhunt.search.simulation.toy_objective import (
    CURVATURES,
    QuadraticScorer,
    first_states,
    make_step,
)
from lionhunt.search.simulation.virtual_pool import SimulatedPool
from lionhunt.search.workers.pool import DISPATCH_SECONDS
from tests.support.search import runs as small_runs
from tests.support.search.command_line import is_one_line
from tests.support.search.makespan import makespan
from tests.support.search.runs import FormulaPool, advance, create

POPULATION = small_runs.RAW["evolution"]["population_size"]


class FormulaScorer:
    def evaluate(self, jobs):
        return [small_runs.score_job(job) for job in jobs]


def ten_seconds(name: str) -> float:
    return 10.0


def uneven_seconds(name: str) -> float:
    return random.Random(name).uniform(5.0, 15.0)


def simulated(folder, num_workers, seconds, lag=6):
    """Run to the end; return the pool, the rows and the history digest."""
    evolution = small_runs.RAW["evolution"] | {"lag": lag}
    pool = SimulatedPool(FormulaScorer(), num_workers, seconds)
    with create(folder, evolution=evolution) as records:
        digest = advance(records, pool).history_digest()
        return pool, list(records.rows()), digest


@pytest.mark.parametrize("num_workers", [1, 3, 100])
def test_history_is_that_of_any_pool(num_workers, tmp_path):
    expected = small_runs.finished(tmp_path / "other", FormulaPool(3))
    assert simulated(tmp_path / "run", num_workers, uneven_seconds)[2] == expected


@pytest.mark.parametrize("num_workers, lag", [(1, 6), (2, 6), (5, 20), (5, 0), (40, 6), (40, 300)])
def test_time_is_that_of_a_queue_worked_out_otherwise(num_workers, lag, tmp_path):
    pool, rows, _ = simulated(tmp_path, num_workers, uneven_seconds, lag)
    numbers = {rows[0].fingerprint: 0}
    children = [numbers.setdefault(row.fingerprint, len(numbers)) for row in rows[POPULATION:]]
    names = list(numbers)
    expected = makespan(
        children,
        lambda number: uneven_seconds(names[number]),
        num_workers=num_workers,
        lag=lag,
        child_seconds=0.0,
    )
    assert pool.now == pytest.approx(expected)
    assert pool.num_evaluations == len(names) - 1
    work = sum(map(uneven_seconds, names[1:]))
    assert pool.idle_share == pytest.approx(1 - work / (num_workers * pool.now))


def test_one_worker_is_never_idle(tmp_path):
    pool, rows, _ = simulated(tmp_path, 1, ten_seconds)
    assert pool.idle_share == pool.idle_share_while_bred == 0
    assert pool.now == 10.0 * pool.num_evaluations


def test_without_lag_only_one_of_ten_works(tmp_path):
    pool, rows, _ = simulated(tmp_path, 10, ten_seconds, lag=0)
    assert pool.now == 10.0 * pool.num_evaluations
    assert pool.idle_share == pool.idle_share_while_bred == pytest.approx(0.9)


def test_with_lag_for_a_whole_run_all_work_until_the_last_is_begun(tmp_path):
    pool, rows, _ = simulated(tmp_path, 7, uneven_seconds, lag=1000)
    assert pool.idle_share_while_bred == pytest.approx(0, abs=1e-12)
    longest = 15.0
    assert 0 < pool.idle_share < longest / pool.now


def test_enough_lag_is_enough():
    config = make_config(1000, enough_lag(20, 0.5), 1, population_size=100)
    load, again = (simulate_load(config, 20, evaluation_seconds=60.0, spread=0.5) for _ in range(2))
    assert load._replace(driver_seconds=0) == again._replace(driver_seconds=0)
    assert load.idle_share_while_bred < 0.01
    assert load.num_evaluations * 30 < 20 * load.seconds * (1 - load.idle_share)
    without_ray = load.num_evaluations * 60 / load.driver_seconds
    assert 20 < load.max_workers < without_ray
    assert load.driver_load == pytest.approx(20 / load.max_workers)


def make_load(num_workers: int, evaluation_seconds: float, driver_seconds: float) -> Load:
    """Make the load of 100 programs, all new, with workers that are never idle."""
    work = 100 * evaluation_seconds
    return Load(
        num_workers=num_workers,
        lag=100,
        num_programs=100,
        num_evaluations=100,
        seconds=work / num_workers,
        idle_share=0.0,
        idle_share_while_bred=0.0,
        driver_seconds=100 * driver_seconds,
        evaluation_seconds=evaluation_seconds,
        best=0.0,
    )


@pytest.mark.parametrize("evaluation_seconds", [0.01, 0.1, 1.0])
def test_a_driver_that_does_one_thing_after_another_takes_as_long_as_is_told(evaluation_seconds):
    """Compare with a queue in which breeding takes time; 0.2 s or more keeps 40 workers busy."""
    load = make_load(40, evaluation_seconds, driver_seconds=0.004)
    seconds = makespan(
        range(1, 101),
        lambda _: evaluation_seconds,
        num_workers=40,
        lag=100,
        child_seconds=0.004 + DISPATCH_SECONDS,
    )
    idle_share = 1 - 100 * evaluation_seconds / (40 * seconds)
    assert load.keeps_up == (evaluation_seconds >= 0.2)
    assert load.least_seconds <= seconds
    assert load.least_idle_share <= idle_share
    if not load.keeps_up:
        # The driver waits for the last evaluation when nothing is left to breed.
        assert load.least_seconds == pytest.approx(seconds - evaluation_seconds)
        assert load.least_idle_share > 0.4


def test_report_marks_a_driver_that_would_not_keep_up():
    loads = [make_load(40, seconds, driver_seconds=0.004) for seconds in (1.0, 0.01)]
    summary = summarize_simulation(loads, [], evaluation_seconds=1.0, spread=0.0)
    text = to_markdown_report("the test", [*simulation_blocks(summary)])
    rows = [line for line in text.splitlines() if line.startswith("| 40 |")]
    assert [">=" in row for row in rows] == [False, True]
    assert "| >= 0.50 s | >= 95.0% | unknown |" in rows[1]
    assert "would not keep up with 40 workers" in text
    (axes,) = load_figure(summary["loads"]).axes
    idle, while_bred, _ = (np.asarray(line.get_ydata()) for line in axes.get_lines())
    np.testing.assert_allclose(idle, [0, 95])
    np.testing.assert_array_equal(while_bred, [0, np.nan])
    summary["loads"].pop()
    assert "not keep up" not in to_markdown_report("the test", [*simulation_blocks(summary)])


def test_search_gets_better_and_less_so_with_more_lag():
    small = {"population_size": 50, "tournament_size": 4}
    curves = [follow_best(make_config(1000, lag, 0, **small)) for lag in (0, 1000)]
    assert all(list(curve.best) == sorted(curve.best) for curve in curves)
    assert curves[0].best[0] == curves[1].best[0] < curves[1].best[-1] < curves[0].best[-1]
    assert curves[0].programs[0] == 50 and curves[0].programs[-1] == 1000


@pytest.mark.parametrize("name", dsl.library.names())
def test_step_is_that_of_the_interpreter(name):
    """Compare with the interpreter over trees, statement by statement."""
    program, backend = dsl.library.load(name), PytreeBackend(np)
    step = make_step(assemble(program))
    rng = np.random.default_rng(0)
    zeros = np.zeros_like(CURVATURES)
    states = first_states(assemble(program))
    expected_states = [(zeros,)] * (len(program.inputs) - 3)
    with np.errstate(all="ignore"):
        for schedule in np.array([1.0, 0.5, 0.25]):
            weights, gradient = rng.standard_normal((2, *CURVATURES.shape))
            update, *states = step(weights, gradient, states, schedule)
            inputs = ((weights,), (gradient,), *expected_states, schedule)
            outputs = run(program, inputs, lambda op, *x: op.evaluate(backend, *x), np.float64)
            (expected,), *expected_states = [
                x if isinstance(x, tuple) else (np.broadcast_to(x, zeros.shape),) for x in outputs
            ]
            # Constants of bytecode are float32: 1 - 0.999 differs by 1.3e-5.
            largest = np.max(np.abs(expected))
            np.testing.assert_allclose(update, expected, rtol=2e-5, atol=2e-5 * largest)


def test_minimum_is_not_to_be_guessed_and_nothing_is_no_progress():
    scorer = QuadraticScorer()
    still, away = (
        scorer.evaluate([Job("", assemble(dsl.parse(f"def f(w, g, lr): return {text}")))])[0]
        for text in ("0.0", "w")
    )
    assert still.scores == (0.0,)
    assert away.scores[0] < 1


def test_failing_candidate_is_an_outcome():
    program = dsl.parse("def f(w, g, lr): return log(0.0) * w")
    (measurement,) = QuadraticScorer().evaluate([Job("", assemble(program))])
    assert measurement.status is Status.NOT_FINITE


def test_report_is_written(invoke_cli, tmp_path, monkeypatch):
    monkeypatch.setattr(command, "NUM_SEEDS", 2)
    options = {"workers": 3, "programs": 1050, "lag": 8, "out": tmp_path}
    words = [word for name, value in options.items() for word in (f"--{name}", value)]
    status, out, err = invoke_cli("simulate", *words, "--json")
    assert (status, err) == (0, "")
    summary = json.loads(out)
    assert json.loads((tmp_path / "report.json").read_text()) == summary
    (load,), (lag,) = summary["loads"], summary["lags"]
    assert (load["num_workers"], load["lag"], load["num_programs"]) == (3, 8, 1050)
    assert lag["lag"] == 8 and lag["seeds"] == [0, 1] and len(lag["mean"]) == len(lag["programs"])
    text = (tmp_path / "report.md").read_text()
    assert "| 3 | 8 | 1,050 |" in text and "load.png" in text
    assert {path.name for path in tmp_path.iterdir()} == {
        *("report.json", "report.md", "load.png", "load.svg", "lag.png", "lag.svg")
    }


def test_too_few_programs_are_refused_in_one_line(invoke_cli, tmp_path):
    status, out, err = invoke_cli("simulate", "--programs", 10, "--out", tmp_path / "none")
    assert (status, out) == (2, "") and is_one_line(err)
    assert "'--programs'" in err and "1000" in err
    assert not (tmp_path / "none").exists()
