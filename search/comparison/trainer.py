"""The trainer of a comparison: a worker trains one optimizer on one task and measures it.

A detailed measurement has as scores the validation metric, the training loss, and that loss under
each noise of `search.comparison.result`. Its curves are those of the training loss and of the
validation metric. `result.to_final` names all of them. Any other measurement has the
validation metric as its only score.
"""

import dataclasses
import time
from collections.abc import Collection, Hashable, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lionhunt.dsl.execution import machine
from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.proxy_tasks import NUM_CHUNKS, Task
from lionhunt.proxy_tasks.training import fit
from lionhunt.search.comparison.optax_optimizers import OptaxRule
from lionhunt.search.comparison.result import ABSOLUTE_NOISES, RELATIVE_NOISES
from lionhunt.search.evaluation.evaluator import task_key
from lionhunt.search.evaluation.outcome import Measurement, Status

NUM_EXAMPLES = 256
"""The least number of training examples for the final loss."""
NUM_DRAWS = 4
"""Draws of each noise."""


class TrainingJob(NamedTuple):
    """One training.

    Attributes:
        name: name of its measurement.
        rule: the optimizer.
        task: number of the task.
        seed: seed of all randomness, the same for every optimizer and every task.
        in_detail: whether the measurement is detailed.
    """

    name: str
    rule: Bytecode | OptaxRule
    task: int
    seed: int
    in_detail: bool

    @property
    def size(self) -> Hashable:
        """Return the key of the compilation; jobs of one size share it."""
        if isinstance(self.rule, OptaxRule):
            return self.task, self.rule.name, self.rule.constants
        return self.task, self.rule.shape


class TrainingResult(NamedTuple):
    """Result of a training; the docstring of the module explains the scores."""

    finished: jax.Array
    scores: jax.Array
    training_curve: jax.Array
    validation_curve: jax.Array
    num_chunks: jax.Array


class Trainer:
    """Trains; compiles each task once for each size of bytecode and each function of Optax.

    Args:
        tasks: tasks of the comparison.
        functions: functions that programs may apply; fewer functions compile faster.
    """

    def __init__(self, tasks: Sequence[Task], functions: Collection[str]):
        self._tasks = tuple(tasks)
        self._train = [jax.jit(_trainer(task, frozenset(functions))) for task in tasks]

    def evaluate(self, jobs: Sequence[TrainingJob]) -> list[Measurement]:
        """Train each job; running out of memory is an outcome."""
        return [self._evaluate(job) for job in jobs]

    def _evaluate(self, job: TrainingJob) -> Measurement:
        start = time.perf_counter()
        train, data = self._train[job.task], self._tasks[job.task].data
        try:
            result = jax.device_get(train(job.rule, np.uint32(job.seed), job.in_detail, data))
        except jax.errors.JaxRuntimeError as error:
            if "RESOURCE_EXHAUSTED" not in str(error):
                raise
            return Measurement(Status.OUT_OF_MEMORY, seconds=time.perf_counter() - start)
        seconds = time.perf_counter() - start
        curves = [result.training_curve[: int(result.num_chunks)].tolist()]
        scores = result.scores.tolist() if job.in_detail else result.scores[:1].tolist()
        if not (result.finished and np.isfinite(scores).all()):
            return Measurement(Status.NOT_FINITE, curves=tuple(map(tuple, curves)), seconds=seconds)
        if job.in_detail:
            curves.append(result.validation_curve.tolist())
        return Measurement(Status.OK, tuple(scores), tuple(map(tuple, curves)), seconds)


def _trainer(task: Task, functions: Collection[str]):
    def run(rule: Bytecode | OptaxRule, seed, in_detail, data) -> TrainingResult:
        task_with_data = dataclasses.replace(task, data=data)
        if isinstance(rule, OptaxRule):
            optimizer = rule.as_optimizer(task.schedule)
        else:
            optimizer = machine.as_optimizer(rule, task.schedule, functions)
        key = task_key(seed, 0)

        def validate(chunk, params):
            is_asked = in_detail | (chunk == NUM_CHUNKS - 1)
            return lax.cond(is_asked, lambda: task.score(params, data), lambda: jnp.array(jnp.nan))

        fitted = fit(task_with_data, optimizer, key, observe=validate)
        num_losses = 1 + len(ABSOLUTE_NOISES) + len(RELATIVE_NOISES)
        losses = lax.cond(
            in_detail,
            lambda: training_losses(task_with_data, fitted.params, jax.random.fold_in(key, 1)),
            lambda: jnp.full(num_losses, jnp.nan),
        )
        scores = jnp.concatenate([fitted.observed[-1:], losses])
        return TrainingResult(
            fitted.finished, scores, fitted.curve, fitted.observed, fitted.num_chunks
        )

    return run


def training_losses(task: Task, params: Any, key: jax.Array) -> jax.Array:
    """Return the training loss without and with noise on the weights.

    Noise is Gaussian and independent for each number. The standard deviation of a relative noise
    is a multiple of the root mean square of the array. A loss that is not finite counts as 1e30.

    Args:
        task: source of the training examples.
        params: the weights.
        key: randomness of examples and noise.

    Returns:
        Losses without noise, with each of `ABSOLUTE_NOISES`, then with each of `RELATIVE_NOISES`.
        All are means over the same examples, those with noise also over `NUM_DRAWS` draws.
        shape=(7,).
    """
    batch_key, noise_key = jax.random.split(key)
    first = jax.eval_shape(task.batch, task.data, batch_key)
    batch_size = jax.tree.leaves(first)[0].shape[0]
    batch_keys = jax.random.split(batch_key, max(1, NUM_EXAMPLES // batch_size))

    def mean_loss(weights):
        return lax.map(lambda k: task.loss(weights, task.batch(task.data, k)), batch_keys).mean()

    def noisy_loss(deviations):
        absolute, relative = deviations

        def draw(draw_key):
            leaves, structure = jax.tree.flatten(params)
            keys = jax.random.split(draw_key, len(leaves))
            noisy = [
                leaf
                + (absolute + relative * jnp.sqrt(jnp.square(leaf).mean()))
                * jax.random.normal(k, leaf.shape)
                for leaf, k in zip(leaves, keys, strict=True)
            ]
            return mean_loss(structure.unflatten(noisy))

        return lax.map(draw, jax.random.split(noise_key, NUM_DRAWS)).mean()

    absolute = jnp.array([0.0, *ABSOLUTE_NOISES, *[0.0] * len(RELATIVE_NOISES)])
    relative = jnp.array([0.0, *[0.0] * len(ABSOLUTE_NOISES), *RELATIVE_NOISES])
    losses = lax.map(noisy_loss, (absolute, relative))
    return jnp.where(jnp.isfinite(losses), losses, 1e30)
