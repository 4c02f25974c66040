"""The trainer of one task: it trains bytecode at several multiples of its update.

A program with ten times the update is a better or a worse optimizer. So that a search compares
directions and not step sizes, a candidate trains at several multiples. All begin with the same
parameters and see the same batches. Multiples that are behind are dropped as training goes on:
successive halving, Jamieson and Talwalkar, 2016 (arXiv:1502.07943).

Multiples run one after the other, through one compiled step. So a multiple costs what it trains,
and needs no compilation of its own. Its scores are to the bit those of training with it alone.
"""

import dataclasses
from collections.abc import Collection, Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax

from lionhunt.dsl.execution import batch_machine, machine
from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.proxy_tasks import NUM_CHUNKS, Task, Training
from lionhunt.proxy_tasks.training import Ongoing, advance, begin, conclude

STAGES = ((1, 2), (4, 1))
"""Chunks of training after which multiples are dropped, and how many go on.

Seven multiples cost 0.1 * 7 + 0.3 * 2 + 0.6 * 1 = 1.9 trainings. On language, the best third of 47
mutants of AdamW lost nothing by it.
"""


class Trained(NamedTuple):
    """The training of a candidate at the best of its multiples; its parts are NumPy arrays.

    Attributes:
        training: of that multiple.
        multiple: of the update.
        num_chunks: chunks that all multiples ran together.
    """

    training: Training
    multiple: float
    num_chunks: int


class TaskTrainer:
    """A trainer of bytecode on one task; it compiles once for each size of bytecode.

    Args:
        task: the task.
        functions: the functions that candidates may have.
    """

    def __init__(self, task: Task, functions: Collection[str]):
        self.name = task.name
        self._task = task
        self._functions = functions
        self._begin = jax.jit(self._trace_begin)
        self._advance = jax.jit(self._trace_advance)
        self._conclude = jax.jit(self._trace_conclude)

    def train(
        self, bytecode: Bytecode, key: jax.Array, hurdles: np.ndarray, multiples: np.ndarray
    ) -> list[Trained]:
        """Train one candidate, or several side by side, and return one result for each.

        Args:
            bytecode: with a leading axis of candidates, or none.
            key: all randomness, shape=() or (candidates,).
            hurdles: see `lionhunt.proxy_tasks.training.fit`.
            multiples: of the update, shape=(multiples,) or (multiples, candidates).
        """
        data = self._task.data
        # Every call would move NumPy arrays once more.
        bytecode, hurdles = jax.device_put((bytecode, hurdles))
        start = self._begin(bytecode, key, data)
        runs = [_Run(multiple, start) for multiple in np.asarray(multiples, np.float32)]
        num_dropped_chunks = np.zeros(key.shape, int)
        for stop, num_kept in _stages(len(runs)):
            # The losses of all multiples are read only after the last one was dispatched.
            runs = [
                _Run(m, self._advance(bytecode, key, hurdles, m, ongoing, np.int32(stop), data))
                for m, ongoing in runs
            ]
            if num_kept < len(runs):
                num_chunks = _count_chunks(runs)
                runs = _keep(runs, num_kept)
                num_dropped_chunks += num_chunks - _count_chunks(runs)
        trainings = jax.device_get([self._conclude(ongoing, data) for _, ongoing in runs])
        num_chunks = num_dropped_chunks + _count_chunks(runs)
        best = _best(trainings, self._task.higher_is_better)
        return [
            Trained(
                Training(*(part[index] for part in trainings[k])),
                float(runs[k].multiple[index]),
                int(num_chunks[index]),
            )
            for index, k in np.ndenumerate(best)
        ]

    def _trace_begin(self, bytecode: Bytecode, key: jax.Array, data: Any) -> Ongoing:
        optimizer = self._optimizer(bytecode, key, jnp.ones(key.shape))
        return begin(dataclasses.replace(self._task, data=data), optimizer, key)

    def _trace_advance(self, bytecode, key, hurdles, multiple, ongoing, stop, data) -> Ongoing:
        task = dataclasses.replace(self._task, data=data)
        optimizer = self._optimizer(bytecode, key, multiple)
        return advance(task, optimizer, key, ongoing, hurdles, stop)

    def _trace_conclude(self, ongoing: Ongoing, data: Any) -> Training:
        return conclude(dataclasses.replace(self._task, data=data), ongoing)

    def _optimizer(
        self, bytecode: Bytecode, key: jax.Array, multiple: jax.Array
    ) -> optax.GradientTransformation:
        """Return the optimizer of a bytecode, with a multiple of its update."""
        interpreter = batch_machine if key.shape else machine
        optimizer = interpreter.as_optimizer(bytecode, self._task.at(key).schedule, self._functions)

        def multiply(leaf: jax.Array) -> jax.Array:
            return leaf * multiple.reshape(multiple.shape + (1,) * (leaf.ndim - multiple.ndim))

        def update(updates, state, params=None):
            updates, state = optimizer.update(updates, state, params)
            return jax.tree.map(multiply, updates), state

        return optax.GradientTransformation(optimizer.init, update)


class _Run(NamedTuple):
    """A multiple of the update, and the model that trains with it."""

    multiple: np.ndarray
    ongoing: Ongoing


def _stages(num_multiples: int) -> Iterator[tuple[int, int]]:
    """Yield the end of each stage, and the number of multiples that go on."""
    if num_multiples > 1:
        yield from STAGES
    yield NUM_CHUNKS, num_multiples


def _count_chunks(runs: Sequence[_Run]) -> np.ndarray:
    """Return the chunks that the multiples of each candidate ran."""
    return np.sum([run.ongoing.num_chunks for run in runs], axis=0)


def _keep(runs: Sequence[_Run], num_kept: int) -> list[_Run]:
    """Return the multiples with the lowest last loss, for each candidate its own."""
    losses = np.array([_last_loss(run.ongoing) for run in runs])
    order = np.argsort(losses, axis=0, kind="stable")[:num_kept]
    if order.ndim == 1:
        return [runs[k] for k in order]
    candidates = np.arange(order.shape[1])
    multiples = np.array([run.multiple for run in runs])
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *[run.ongoing for run in runs])

    def gather(k: np.ndarray) -> Ongoing:
        # Counters are one for all candidates. Where all stopped early, they are behind.
        return jax.tree.map(lambda x: x[k, candidates] if x.ndim > 1 else x.max(), stacked)

    return [_Run(multiples[k, candidates], gather(k)) for k in order]


def _last_loss(ongoing: Ongoing) -> np.ndarray:
    """Return the loss of the last chunk; infinite where training stopped early."""
    curve, chunk = np.asarray(ongoing.curve), int(ongoing.chunk)
    return np.where(ongoing.is_running, curve[..., chunk - 1], np.inf)


def _best(trainings: Sequence[Training], higher_is_better: bool) -> np.ndarray:
    """Return the index of the best training of each candidate.

    Without any score, it is the one that trained longest.
    """
    scores = np.array([training.score for training in trainings])
    values = scores if higher_is_better else -scores
    is_finite = np.isfinite(values)
    first_of_best = np.argmax(np.where(is_finite, values, -np.inf), axis=0)
    longest = np.argmax([training.num_chunks for training in trainings], axis=0)
    return np.where(is_finite.any(axis=0), first_of_best, longest)
