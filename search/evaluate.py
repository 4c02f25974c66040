"""Scoring a candidate: its bytecode trains on every task."""

import dataclasses
import time
from collections.abc import Collection, Sequence

import jax
import numpy as np

from dsl import machine
from dsl.bytecode import Bytecode
from dsl.ops import OPS
from proxy_tasks import Task, Training, train
from proxy_tasks.train import NUM_CHUNKS
from search.job import Hurdles, Job
from search.outcome import Measurement, Reason

NO_HURDLE = (float("inf"),) * NUM_CHUNKS


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
        self._tasks = tuple(tasks)
        self._train = [jax.jit(_trainer(task, self._functions)) for task in tasks]

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        """Trains on every task. Running out of memory is an outcome; other errors are bugs."""
        return [self._evaluate(*job[1:]) for job in jobs]

    def _evaluate(
        self, bytecode: Bytecode, seed: int | None, task: int | None, hurdles: Hurdles | None
    ) -> Measurement:
        if unknown := bytecode.functions - self._functions:
            raise ValueError(f"a candidate with {', '.join(sorted(unknown))}, which were left out")
        start = time.perf_counter()
        scores, curves = [], []
        for index in range(len(self._train)) if task is None else (task,):
            run = self._train[index]
            key = task_key(self._seed if seed is None else seed, index)
            limits = np.array(NO_HURDLE if hurdles is None else hurdles[index], np.float32)
            try:
                training = jax.block_until_ready(
                    run(bytecode, key, limits, self._tasks[index].data)
                )
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error):
                    raise
                return self._stop(Reason.OUT_OF_MEMORY, curves, start)
            curves.append(tuple(np.asarray(training.curve)[: int(training.num_chunks)].tolist()))
            scores.append(float(training.score))
            if not np.isfinite(scores[-1]):
                return self._stop(_reason(training, limits), curves, start)
        seconds = time.perf_counter() - start
        return Measurement(Reason.OK, tuple(scores), tuple(curves), seconds)

    def _stop(self, reason: Reason, curves: list, start: float) -> Measurement:
        return Measurement(reason, (), tuple(curves), time.perf_counter() - start)


def task_key(seed: int, index: int) -> jax.Array:
    """The key of a run's task: all randomness of training on it."""
    return jax.random.fold_in(jax.random.key(seed), index)


def _reason(training: Training, hurdles: np.ndarray) -> Reason:
    """Why a training has no score."""
    last = int(training.num_chunks) - 1
    loss = np.asarray(training.curve)[last]
    is_above = np.isfinite(loss) and loss > hurdles[last]
    return Reason.HURDLE if is_above else Reason.NOT_FINITE


def _trainer(task: Task, functions: Collection[str]):
    def run(bytecode, key, hurdles, data):
        optimizer = machine.as_optimizer(bytecode, task.schedule, functions)
        return train(dataclasses.replace(task, data=data), optimizer, key, hurdles)

    return run
