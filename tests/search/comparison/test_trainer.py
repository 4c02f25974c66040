"""The trainer, against the evaluation of a search, and against plain loops."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.library import load
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.comparison.optimizers import find_optimizer
from lionhunt.search.comparison.result import ABSOLUTE_NOISES, Hyperparameters, to_final
from lionhunt.search.comparison.trainer import Trainer, TrainingJob, training_losses
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from tests.support.compiling import compile_quickly

TASK = DigitsMLP(num_steps=20, batch_size=8, width=4).build()


@pytest.fixture(scope="module")
def trainer():
    functions = {s.op for name in ("adamw_initial", "lion") for s in load(name).statements}
    return Trainer([TASK], functions)


def train(trainer, rule, in_detail, seed=5):
    (measurement,) = trainer.evaluate([TrainingJob("one", rule, 0, seed, in_detail)])
    return measurement


def test_a_training_is_that_of_the_search(trainer):
    initial = assemble(load("adamw_initial"))
    brief, detailed = (train(trainer, initial, in_detail) for in_detail in (False, True))
    (searched,) = Evaluator([TASK], 5, initial.functions).evaluate([Job("one", initial)])
    assert brief.scores == pytest.approx(searched.scores)
    assert brief.curves[0] == pytest.approx(searched.curves[0], rel=1e-5)
    final = to_final(detailed)
    assert final is not None
    assert final.score == brief.scores[0] == pytest.approx(final.validation_curve[-1])
    assert final.training_curve == brief.curves[0]


def test_an_optimizer_of_optax_trains_as_the_program_does(trainer):
    point = Hyperparameters(0.01, 0.1)
    program, rule = (
        train(trainer, find_optimizer(w, w, point, {}, {}).at(point, TASK.name, 20).rule, True)
        for w in ("lion", "optax.lion")
    )
    assert program.scores == pytest.approx(rule.scores, rel=1e-3)
    assert program.curves[0] == pytest.approx(rule.curves[0], rel=1e-4)


def test_a_diverged_training_is_an_outcome(trainer):
    point = Hyperparameters(1e30, 1e4)
    lion = find_optimizer("lion", "lion", point, {}, {})
    measurement = train(trainer, lion.at(point, TASK.name, 20).rule, True)
    assert measurement.status is Status.NOT_FINITE and not measurement.scores


def test_losses_under_noise_against_a_plain_loop(key):
    params = TASK.init(TASK.data, jax.random.key(1))
    losses = compile_quickly(lambda params: training_losses(TASK, params, key))(params)
    batch_key, noise_key = jax.random.split(key)
    batches = [TASK.batch(TASK.data, k) for k in jax.random.split(batch_key, 32)]
    loss = compile_quickly(TASK.loss)
    clean = np.mean([loss(params, batch) for batch in batches])
    np.testing.assert_allclose(losses[0], clean, rtol=1e-5)
    means = []
    for draw_key in jax.random.split(noise_key, 4):
        leaves, structure = jax.tree.flatten(params)
        keys = jax.random.split(draw_key, len(leaves))
        noisy = structure.unflatten(
            [
                leaf + ABSOLUTE_NOISES[2] * jax.random.normal(k, leaf.shape)
                for leaf, k in zip(leaves, keys, strict=True)
            ]
        )
        means.append(np.mean([loss(noisy, batch) for batch in batches]))
    np.testing.assert_allclose(losses[3], np.mean(means), rtol=1e-5)
    assert losses.shape == (7,) and bool(jnp.isfinite(losses).all())
