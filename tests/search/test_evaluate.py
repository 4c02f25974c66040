"""Scoring by the machine against training by the program compiled by itself."""

import numpy as np
import optax
import pytest
from jax import jit

import dsl
from dsl.bytecode import assemble
from proxy_tasks import DigitsMLP, train
from search.evaluate import Evaluator, task_key
from search.outcome import Reason

TASKS = (
    DigitsMLP(num_steps=20, batch_size=8, width=8),
    DigitsMLP(num_steps=10, batch_size=4, width=4, depth=1),
)


def test_evaluator_scores_as_the_compiled_program_trains():
    tasks = [options.build() for options in TASKS]
    evaluator = Evaluator(tasks, seed=0)
    program = dsl.library.load("raw_lion")
    measurement = evaluator.evaluate(assemble(program))
    assert measurement.reason is Reason.OK and measurement.seconds > 0
    other = evaluator.evaluate(assemble(program), seed=7)
    assert evaluator.evaluate(assemble(program), seed=0).scores == measurement.scores
    assert Evaluator(tasks, seed=7).evaluate(assemble(program)).curves == other.curves
    assert other.curves != measurement.curves
    last = evaluator.evaluate(assemble(program), seed=7, task=1)
    assert (last.scores, last.curves) == (other.scores[1:], other.curves[1:])
    for index, (task, score, curve) in enumerate(
        zip(tasks, measurement.scores, measurement.curves, strict=True)
    ):
        key = task_key(0, index)
        optimizer = dsl.as_optimizer(program, task.schedule)
        training = jit(lambda key: train(task, optimizer, key))(key)  # noqa: B023
        assert score == pytest.approx(float(training.score), rel=1e-2)
        np.testing.assert_allclose(curve, training.curve, rtol=1e-3)


def test_functions_that_are_left_out_change_nothing_and_are_refused():
    tasks = [TASKS[1].build()]
    program = assemble(dsl.library.load("raw_lion"))
    every, few = (Evaluator(tasks, 0, *f).evaluate(program) for f in ((), (program.functions,)))
    assert (every.scores, every.curves) == (few.scores, few.curves)
    with pytest.raises(ValueError, match="a candidate with arcsin, clip, which were left out"):
        Evaluator(tasks, 0, program.functions - {"clip", "arcsin"}).evaluate(program)


def test_evaluator_stops_at_the_first_task_that_diverges():
    tasks = [options.build() for options in TASKS]
    program = dsl.parse(
        "def f(w, g, lr):\n  u = log(lr)\n  u = u / 0.0\n  u = u * u\n  return exp(u)"
    )
    measurement = Evaluator(tasks, seed=0).evaluate(assemble(program))
    assert measurement.reason is Reason.NOT_FINITE
    assert measurement.scores == () and len(measurement.curves) == 1


def test_optax_enters_by_the_same_door():
    task = TASKS[0].build()
    evaluator = Evaluator([task], seed=0)
    optimizer = optax.sgd(task.schedule)
    training = jit(lambda key: train(task, optimizer, key))(task_key(0, 0))
    measurement = evaluator.evaluate(assemble(dsl.library.load("sgd")))
    np.testing.assert_allclose(measurement.curves[0], training.curve, rtol=1e-4)
    assert measurement.scores[0] == pytest.approx(float(training.score), abs=2 / 600)
