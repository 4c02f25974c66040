"""Trainings of known optimizers on a task, compiled once for each optimizer and any length."""

import dataclasses
import time
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import jax
import numpy as np
import optax

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import Task, Training, train
from lionhunt.proxy_tasks.guarding import call
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.search.evaluation.evaluator import Evaluator, task_key
from lionhunt.search.evaluation.job import Job


class KnownOptimizer(NamedTuple):
    """An optimizer, and the learning rates that it is tried with.

    Attributes:
        make: from a schedule to the optimizer.
        rates: from low to high.
    """

    make: Callable[[optax.Schedule], optax.GradientTransformation]
    rates: tuple[float, ...]


OPTIMIZERS = {
    "AdamW": KnownOptimizer(optax.adamw, (3e-4, 1e-3, 3e-3, 1e-2, 3e-2)),
    "Lion": KnownOptimizer(optax.lion, (3e-5, 1e-4, 3e-4, 1e-3, 3e-3)),
    "SGD": KnownOptimizer(lambda rate: optax.sgd(rate, 0.9), (3e-3, 1e-2, 3e-2, 1e-1, 3e-1)),
}
"""SGD has momentum 0.9."""


class CheckedTraining(NamedTuple):
    """One training.

    Attributes:
        score: validation metric; NaN if training failed.
        curve: mean loss of each chunk of steps.
        seconds: wall clock.
    """

    score: float
    curve: tuple[float, ...]
    seconds: float


Train = Callable[[float, int, int], CheckedTraining]
"""From a learning rate, a seed and a number of steps to a training."""


def make_trainer(task: Task, name: str) -> Train:
    """Return a function that trains with one of `OPTIMIZERS`; its first call compiles."""
    optimizer = OPTIMIZERS[name]

    @jax.jit
    def compiled(rate: jax.Array, key: jax.Array, num_steps: jax.Array, data: Any) -> Training:
        current = dataclasses.replace(task, data=data, num_steps=num_steps, horizons=None)
        schedule = current.schedule
        return train(current, optimizer.make(lambda count: rate * schedule(count)), key)

    def run(rate: float, seed: int, num_steps: int) -> CheckedTraining:
        start = time.perf_counter()
        arguments = (np.float32(rate), task_key(seed, 0), np.int32(num_steps), task.data)
        training = call(task.name, "a training", lambda: jax.device_get(compiled(*arguments)))
        seconds = time.perf_counter() - start
        return CheckedTraining(float(training.score), tuple(map(float, training.curve)), seconds)

    return run


def scores_before(task: Task, seeds: range) -> list[float]:
    """Return the score of the model before its first step, for each seed."""

    @jax.jit
    def score(key: jax.Array, data: Any) -> jax.Array:
        return task.score(task.init(data, jax.random.split(key)[0]), data)

    return [float(score(task_key(seed, 0), task.data)) for seed in seeds]


class Gradient(NamedTuple):
    """The first gradient of a training.

    Attributes:
        is_finite: whether all its numbers are.
        still: the arrays whose gradient is zero everywhere, by their place.
    """

    is_finite: bool
    still: tuple[str, ...]


def first_gradients(task: Task, seeds: range) -> Iterator[Gradient]:
    """Yield the gradient of the first step for each seed."""

    @jax.jit
    def gradient(key: jax.Array, data: Any) -> Any:
        init_key, batch_key = jax.random.split(key)
        params = task.init(data, init_key)
        return jax.grad(task.loss)(params, task.batch(data, jax.random.fold_in(batch_key, 0)))

    for seed in seeds:
        found = jax.device_get(gradient(task_key(seed, 0), task.data))
        leaves = jax.tree_util.tree_leaves_with_path(found)
        still = [jax.tree_util.keystr(path) for path, leaf in leaves if not np.any(leaf)]
        yield Gradient(all(np.isfinite(leaf).all() for _, leaf in leaves), tuple(still))


def num_parameters(task: Task) -> int:
    """Count the trained numbers of the model."""
    return task.num_parameters


def longest(task: Task) -> int:
    """Return the most steps of a training."""
    return int(task.num_steps) if task.horizons is None else task.horizons[1]


def time_evaluation(task: Task | TorchTask, num_steps: int) -> tuple[float, float]:
    """Return the seconds of compiling and of an evaluation of AdamW, as a search does it."""
    bytecode = assemble(library.load("adamw_initial"))
    all_steps = int(task.num_steps)
    if isinstance(task, Task):
        task = dataclasses.replace(task, horizons=None)
    task = dataclasses.replace(task, num_steps=min(num_steps, all_steps))
    evaluator, job = Evaluator([task], 0, bytecode.functions), Job("check", bytecode)
    first, second = (evaluator.evaluate([job])[0].seconds for _ in range(2))
    return max(0.0, first - second), second * all_steps / min(num_steps, all_steps)
