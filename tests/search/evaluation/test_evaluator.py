"""Scoring by the machine against training with the program compiled by itself."""

import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.op_table import OPS
from lionhunt.proxy_tasks import NUM_CHUNKS, DigitsMLP, train
from lionhunt.search.bench.early_stopping import stop
from lionhunt.search.errors import ScorerError
from lionhunt.search.evaluation.early_stopping import set_hurdles
from lionhunt.search.evaluation.evaluator import NO_HURDLE, Evaluator, task_key
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from tests.support.compiling import compile_quickly

TASKS = (
    DigitsMLP(num_steps=20, batch_size=8, width=8),
    DigitsMLP(num_steps=10, batch_size=4, width=4, depth=1),
)


DIVERGING = assemble(
    dsl.parse("def f(w, g, lr):\n  u = log(lr)\n  u = u / 0.0\n  u = u * u\n  return exp(u)")
)
FUNCTIONS = DIVERGING.functions.union(
    *(assemble(dsl.library.load(name)).functions for name in ("raw_lion", "adamw_initial", "sgd"))
)
"""The functions of the programs of these tests; fewer functions compile faster."""


@pytest.fixture(scope="module")
def tasks():
    return [options.build() for options in TASKS]


@pytest.fixture(scope="module")
def evaluator(tasks):
    return Evaluator(tasks, 0, FUNCTIONS)


def evaluate(evaluator: Evaluator, *job) -> Measurement:
    (measurement,) = evaluator.evaluate([Job("candidate", *job)])
    return measurement


def test_evaluator_scores_as_the_compiled_program_trains(tasks, evaluator):
    program = dsl.library.load("raw_lion")
    measurement = evaluate(evaluator, assemble(program))
    assert measurement.status is Status.OK and measurement.seconds > 0
    other = evaluate(evaluator, assemble(program), 7)
    assert evaluate(evaluator, assemble(program), 0).scores == measurement.scores
    assert other.curves != measurement.curves
    last = evaluate(evaluator, assemble(program), 7, 1)
    assert (last.scores, last.curves) == (other.scores[1:], other.curves[1:])
    for index, (task, score, curve) in enumerate(
        zip(tasks, measurement.scores, measurement.curves, strict=True)
    ):
        key = task_key(0, index)
        optimizer = dsl.as_optimizer(program, task.schedule)
        training = compile_quickly(lambda key: train(task, optimizer, key))(key)  # noqa: B023
        assert score == pytest.approx(float(training.score), rel=1e-2)
        np.testing.assert_allclose(curve, training.curve, rtol=1e-3)


def test_extra_tasks_are_for_jobs_that_name_them(tasks, evaluator):
    code = assemble(dsl.library.load("sgd"))
    both, with_extra = evaluate(evaluator, code), Evaluator(tasks, 0, FUNCTIONS, num_extra=1)
    usual = evaluate(with_extra, code)
    extra = evaluate(with_extra, code, None, 1)
    assert usual.scores + extra.scores == both.scores
    assert usual.curves + extra.curves == both.curves
    # A job of one task has multiples and hurdles for that task alone.
    job = Job("grid", code, task=1, multiples=((1.0, 4.0),))
    (grid,) = with_extra.evaluate([job])
    assert grid.multiples in ((1.0,), (4.0,)) and grid.scores[0] >= extra.scores[0]
    (stopped,) = with_extra.evaluate([Job("low", code, task=1, hurdles=((0.0,) * NUM_CHUNKS,))])
    assert stopped.status is Status.HURDLE


def test_a_job_without_a_seed_has_that_of_the_evaluator():
    code = assemble(dsl.library.load("sgd"))
    own, given = (Evaluator([TASKS[1].build()], seed, code.functions) for seed in (7, 0))
    assert evaluate(own, code).curves == evaluate(given, code, 7).curves


def test_functions_that_are_left_out_change_nothing_and_are_refused():
    tasks = [TASKS[1].build()]
    program = assemble(dsl.library.load("raw_lion"))
    every, few = (
        evaluate(Evaluator(tasks, 0, functions), program)
        for functions in (OPS.keys(), program.functions)
    )
    assert (every.scores, every.curves) == (few.scores, few.curves)
    with pytest.raises(ScorerError, match="the scorer was made without arcsin, clip"):
        evaluate(Evaluator(tasks, 0, program.functions - {"clip", "arcsin"}), program)


def test_evaluator_stops_at_a_hurdle(evaluator):
    program = assemble(dsl.library.load("adamw_initial"))
    whole = evaluate(evaluator, program)
    first, second = whole.curves
    same = evaluate(evaluator, program, None, None, (first, second))
    assert (same.scores, same.curves) == (whole.scores, whole.curves)
    for chunk in (0, 4, NUM_CHUNKS - 1):
        below = np.nextafter(np.float32(second[chunk]), np.float32(0))
        hurdle = (*NO_HURDLE[:chunk], float(below), *NO_HURDLE[chunk + 1 :])
        stopped = evaluate(evaluator, program, None, None, (NO_HURDLE, hurdle))
        assert stopped.status is Status.HURDLE
        assert stopped.curves == (first, second[: chunk + 1])


def test_what_passes_every_hurdle_has_the_scores_that_it_has_without():
    text = str(dsl.library.load("adamw_initial"))
    assert "lr * 0.001" in text
    rates = ("0.0", "0.0001", "0.0009", "0.001", "0.002", "0.01", "0.1", "100.0")
    programs = [assemble(dsl.parse(text.replace("lr * 0.001", f"lr * {x}"))) for x in rates]
    evaluator = Evaluator([TASKS[1].build()], 0, programs[3].functions)
    initial = evaluate(evaluator, programs[3])
    hurdles = set_hurdles(initial.curves, (), 0.1, None)
    assert hurdles is not None
    statuses = set()
    for program in programs:
        whole = evaluate(evaluator, program)
        stopped = evaluate(evaluator, program, None, None, hurdles)
        expected = stop(whole, hurdles)
        assert (stopped.status, stopped.scores) == (expected.status, expected.scores)
        np.testing.assert_equal(stopped.curves, expected.curves)
        statuses.add(stopped.status)
    assert {Status.OK, Status.HURDLE} <= statuses


def test_evaluator_stops_at_the_first_task_that_diverges(evaluator):
    measurement = evaluate(evaluator, DIVERGING)
    assert measurement.status is Status.NOT_FINITE
    assert measurement.scores == () and len(measurement.curves) == 1


def test_optax_enters_by_the_same_door(tasks, evaluator):
    task = tasks[0]
    sgd = assemble(dsl.library.load("sgd"))
    optimizer = optax.sgd(task.schedule)
    training = compile_quickly(lambda key: train(task, optimizer, key))(task_key(0, 0))
    measurement = evaluate(evaluator, sgd)
    np.testing.assert_allclose(measurement.curves[0], training.curve, rtol=1e-4)
    assert measurement.scores[0] == pytest.approx(float(training.score), abs=2 / 600)
