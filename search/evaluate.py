"""Scoring a candidate: its bytecode trains on every task."""

import time
from collections.abc import Collection, Sequence

import jax
import numpy as np

from dsl import machine
from dsl.bytecode import Bytecode
from dsl.ops import OPS
from proxy_tasks import Task, train
from search.outcome import Measurement, Reason


class Evaluator:
    """Scores bytecode on tasks, one after the other; compiles each task once a size of bytecode.

    Args:
        tasks: what to train on; a candidate that fails on one is not tried on the next.
        seed: of the run; every candidate trains with the same keys, unless told otherwise.
        functions: those that candidates may have; the fewer, the less there is to compile.
    """

    def __init__(self, tasks: Sequence[Task], seed: int, functions: Collection[str] = OPS.keys()):
        self._functions = frozenset(functions)
        self._seed = seed
        self._train = [jax.jit(_trainer(task, self._functions)) for task in tasks]

    def evaluate(
        self, bytecode: Bytecode, seed: int | None = None, task: int | None = None
    ) -> Measurement:
        """Trains on every task. Running out of memory is an outcome; other errors are bugs.

        Args:
            bytecode: of a candidate.
            seed: of the parameters and batches; the run's by default.
            task: the number of the only task to train on.
        """
        if unknown := bytecode.functions - self._functions:
            raise ValueError(f"a candidate with {', '.join(sorted(unknown))}, which were left out")
        start = time.perf_counter()
        scores, curves = [], []
        for index in range(len(self._train)) if task is None else (task,):
            run = self._train[index]
            key = task_key(self._seed if seed is None else seed, index)
            try:
                training = jax.block_until_ready(run(bytecode, key))
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error):
                    raise
                return self._stop(Reason.OUT_OF_MEMORY, curves, start)
            curves.append(tuple(np.asarray(training.curve)[: int(training.num_chunks)].tolist()))
            scores.append(float(training.score))
            if not np.isfinite(scores[-1]):
                return self._stop(Reason.NOT_FINITE, curves, start)
        seconds = time.perf_counter() - start
        return Measurement(Reason.OK, tuple(scores), tuple(curves), seconds)

    def _stop(self, reason: Reason, curves: list, start: float) -> Measurement:
        return Measurement(reason, (), tuple(curves), time.perf_counter() - start)


def task_key(seed: int, index: int) -> jax.Array:
    """The key of a run's task: all randomness of training on it."""
    return jax.random.fold_in(jax.random.key(seed), index)


def _trainer(task: Task, functions: Collection[str]):
    def run(bytecode, key):
        return train(task, machine.as_optimizer(bytecode, task.schedule, functions), key)

    return run
