"""The trainer of one task: it trains bytecode by the machine, as compiled code."""

import dataclasses
from collections.abc import Collection
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax

from lionhunt.dsl.execution import batch_machine, machine
from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.proxy_tasks import NUM_CHUNKS, Task, Training
from lionhunt.proxy_tasks.training import Ongoing, advance, begin, conclude
from lionhunt.search.evaluation.compilation import Compilation
from lionhunt.search.evaluation.halving import Trained, train_multiples


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

        def advance_to(multiple: np.ndarray, ongoing: Ongoing, stop: int) -> Ongoing:
            return self._advance(bytecode, key, hurdles, multiple, ongoing, np.int32(stop), data)

        return train_multiples(
            multiples,
            lambda multiple: start,
            advance_to,
            lambda ongoing: self._conclude(ongoing, data),
            higher_is_better=self._task.higher_is_better,
        )

    def compilations(self, bytecode: Bytecode, key: jax.Array) -> list[Compilation]:
        """Return what training programs of this size compiles, the longest first.

        Args:
            bytecode: one candidate.
            key: any, shape=().
        """
        data = self._task.data
        bytecode = jax.device_put(bytecode)

        def start() -> Ongoing:
            shapes = jax.eval_shape(self._trace_begin, bytecode, key, data)
            return jax.tree.map(lambda leaf: jnp.zeros(leaf.shape, leaf.dtype), shapes)

        def advance_nowhere() -> Ongoing:
            hurdles = np.full(NUM_CHUNKS, np.inf, np.float32)
            args = bytecode, key, jax.device_put(hurdles), np.float32(1.0), start(), np.int32(0)
            return self._advance(*args, data)

        name = f"{self._task.digest} {bytecode.shape} {sorted(self._functions)}"
        return [
            Compilation(f"advance {name}", advance_nowhere),
            Compilation(f"begin {name}", lambda: self._begin(bytecode, key, data)),
            Compilation(f"conclude {name}", lambda: self._conclude(start(), data)),
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
