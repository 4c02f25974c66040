"""Steps to a loss, against a plain loop over the losses of a training."""

# pyright: reportCallIssue=false

import dataclasses
import itertools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP, train
from lionhunt.proxy_tasks.reaching import WINDOW, add_loss, begin_reaching, count_steps
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from tests.proxy_tasks.test_training import plain_loop
from tests.support.compiling import compile_quickly
from tests.support.search.line_task import make_line_task

OPTIONS = DigitsMLP(num_steps=100, batch_size=16, width=8)


def averages(losses):
    """Return the average after each step: the last losses count most."""
    rate = 1 / max(WINDOW * len(losses), 1)
    for count in range(1, len(losses) + 1):
        weights = (1 - rate) ** np.arange(count)[::-1]
        yield float(weights @ np.array(losses[:count], float) / weights.sum())


def expected_steps(losses, target):
    last = None
    for step, last in enumerate(averages(losses), start=1):
        if last <= target:
            return step
    left = (last - target) / (losses[0] - target)
    return len(losses) * (1 + min(left, 1.0))


@jax.jit
def measure(losses, target):
    def step(reaching, item):
        return add_loss(reaching, *item, target), None

    indices = jnp.arange(len(losses))
    reaching, _ = jax.lax.scan(step, begin_reaching((), len(losses)), (indices, losses))
    return count_steps(reaching, target)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(0.0, 8.0, width=32), min_size=120, max_size=120), st.floats(0.5, 6.0))
def test_steps_are_those_of_a_plain_loop(losses, target):
    # An average at the target may be on either side of it in float32.
    if any(abs(average - target) < 1e-4 for average in averages(losses)):
        return
    measured = measure(jnp.array(losses, jnp.float32), target)
    assert float(measured) == pytest.approx(expected_steps(losses, target), rel=1e-4)


def test_training_counts_the_steps_of_its_losses(key):
    task = OPTIONS.build()
    optimizer = optax.adam(1e-2)
    _, losses = plain_loop(task, optimizer, key)
    for target in (2.2, 1.5, 0.6, 0.05, 1e-6):
        aimed = dataclasses.replace(task, target_loss=target)
        found = compile_quickly(lambda key, aimed=aimed: train(aimed, optimizer, key))(key)
        assert float(found.score) == pytest.approx(expected_steps(losses, target), rel=0.02)


def test_score_falls_from_twice_the_steps_to_few_without_a_jump():
    curves = [4.0 * rate ** np.arange(200) for rate in np.linspace(1.0, 0.9, 400)]
    scores = [float(measure(jnp.array(curve, jnp.float32), 1.0)) for curve in curves]
    assert scores[0] == 400 and scores[-1] < 20
    steps = [before - after for before, after in itertools.pairwise(scores)]
    assert min(steps) >= 0 and max(steps) < 25


def test_loss_that_grows_has_twice_the_steps_and_no_more():
    assert float(measure(jnp.linspace(2.0, 9.0, 50), 1.0)) == 100


def test_curve_and_parameters_do_not_depend_on_the_target(key):
    task = OPTIONS.build()
    optimizer = optax.sgd(0.1)
    plain = compile_quickly(lambda key: train(task, optimizer, key))(key)
    aimed_task = dataclasses.replace(task, target_loss=1.0)
    aimed = compile_quickly(lambda key: train(aimed_task, optimizer, key))(key)
    np.testing.assert_array_equal(plain.curve, aimed.curve)
    assert aimed.num_chunks == plain.num_chunks and aimed.score != plain.score


def test_a_training_that_is_not_finite_has_no_score(key):
    task = dataclasses.replace(make_line_task(), target_loss=1.0)
    found = compile_quickly(lambda key: train(task, optax.sgd(1e30), key))(key)
    assert np.isnan(found.score)


@pytest.mark.slow
@pytest.mark.parametrize("step_sizes", [(), (0.25, 1.0, 4.0)])
def test_lanes_count_as_alone(step_sizes):
    options = dataclasses.replace(OPTIONS, num_steps=30, target_loss=2.0)
    programs = [dsl.library.load(name) for name in ("lion", "adamw_initial", "sgd")]
    functions = {statement.op for program in programs for statement in program.statements}
    jobs = [
        Job(str(i), assemble(program), seed=3, multiples=(step_sizes,) if step_sizes else ())
        for i, program in enumerate(programs)
    ]
    alone = Evaluator([options.build()], 0, functions).evaluate(jobs)
    together = Evaluator([options.build()], 0, functions, batch_size=3).evaluate(jobs)
    for one, other in zip(alone, together, strict=True):
        assert one.scores == pytest.approx(other.scores, rel=1e-3)
        assert one.multiples == other.multiples and 1 <= one.scores[0] <= 60


def test_horizons_count_their_own_steps(key):
    options = dataclasses.replace(OPTIONS, horizons=(20, 60), target_loss=1e-4)
    task = options.build()
    num_steps = int(task.at(key).num_steps)
    found = compile_quickly(lambda key: train(task, optax.adam(1e-3), key))(key)
    assert num_steps < float(found.score) <= 2 * num_steps


def test_option_makes_the_metric_and_names_the_task():
    task = dataclasses.replace(OPTIONS, target_loss=0.5).build()
    assert (task.metric, task.higher_is_better) == ("steps to a loss of 0.5", False)
    others = [dataclasses.replace(OPTIONS, target_loss=x).build().digest for x in (None, 0.5, 0.25)]
    assert len(set(others)) == 3 and others[0] == OPTIONS.build().digest
    with pytest.raises(ValueError, match=r"target_loss \(0\) must be positive"):
        dataclasses.replace(OPTIONS, target_loss=0)
