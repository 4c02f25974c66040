"""Scoring a candidate: its bytecode trains on every task."""

import dataclasses
import time
from collections.abc import Collection, Sequence

import jax
import numpy as np

from lionhunt.dsl.execution import batch_machine, machine
from lionhunt.dsl.execution.bytecode import MachineShape
from lionhunt.dsl.ops import OPS
from lionhunt.proxy_tasks import Task, Training, train
from lionhunt.proxy_tasks.training import NUM_CHUNKS
from lionhunt.search.errors import ScorerError
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status

NO_HURDLE = (float("inf"),) * NUM_CHUNKS


class Evaluator:
    """Scores bytecode on tasks, one after the other; compiles each task once a size of bytecode.

    In a batch, candidates of one size train side by side, which an accelerator likes. Places that
    are left over repeat the first candidate, so that one compilation serves, and what comes of a
    candidate depends on nothing but itself. It differs from training alone by float32 rounding.

    Args:
        tasks: what to train on; a candidate that fails on one is not tried on the next.
        seed: of the run; every candidate trains with the same keys, unless told otherwise.
        functions: those that candidates may have; the fewer, the less there is to compile.
        batch_size: candidates that train side by side; where there is no memory for as many, half.
    """

    def __init__(
        self,
        tasks: Sequence[Task],
        seed: int,
        functions: Collection[str] = OPS.keys(),
        batch_size: int = 1,
    ):
        self._functions = frozenset(functions)
        self._seed = seed
        self._tasks = tuple(tasks)
        self._batch_size = batch_size
        self._widths: dict[
            tuple[int, MachineShape], int
        ] = {}  # where memory asks for smaller batches
        self._train = [jax.jit(_trainer(task, self._functions)) for task in tasks]

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        """Trains on every task. Running out of memory is an outcome; what a task raises, is raised.

        Raises:
            ScorerError: a candidate has a function that was left out.
        """
        lanes = [_Lane(job) for job in jobs]
        for job in jobs:
            if unknown := job.bytecode.functions - self._functions:
                names = ", ".join(sorted(unknown))
                raise ScorerError(f"a candidate with {names}, which were left out")
        for index in range(len(self._tasks)):
            by_size: dict[MachineShape, list[_Lane]] = {}
            for lane in lanes:
                if lane.trains_on(index):
                    by_size.setdefault(lane.job.bytecode.size, []).append(lane)
            for size, same in by_size.items():
                self._train_lanes(index, size, same)
        return [lane.measurement() for lane in lanes]

    def _train_lanes(self, index: int, size: MachineShape, lanes: list["_Lane"]) -> None:
        """Trains candidates of one size on one task."""
        while lanes:
            width = self._widths.get((index, size), self._batch_size)
            batch = lanes[:width]
            start = time.perf_counter()
            try:
                trainings = self._train_batch(index, batch, width)
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error):
                    raise
                if width > 1:
                    self._widths[index, size] = width // 2
                    continue
                batch[0].status = Status.OUT_OF_MEMORY
                trainings = []
            seconds = (time.perf_counter() - start) / len(batch)
            for lane in batch:
                lane.seconds += seconds
            for lane, training in zip(batch, trainings, strict=False):
                lane.add(training, _limits(lane.job, index))
            lanes = lanes[width:]

    def _train_batch(self, index: int, lanes: list["_Lane"], width: int) -> list[Training]:
        """What comes of each lane, as NumPy arrays."""
        jobs = [lane.job for lane in lanes]
        seeds = [self._seed if job.seed is None else job.seed for job in jobs]
        train, data = self._train[index], self._tasks[index].data
        if width == 1:
            (job,), (seed,) = jobs, seeds
            training = train(job.bytecode, task_key(seed, index), _limits(job, index), data)
            return [jax.device_get(training)]
        places = [*range(len(jobs)), *[0] * (width - len(jobs))]
        bytecodes = jax.tree.map(lambda *x: np.stack(x), *[jobs[i].bytecode for i in places])
        keys = _task_keys(np.array([seeds[i] for i in places], np.uint32), index)
        limits = np.stack([_limits(jobs[i], index) for i in places])
        training = jax.device_get(train(bytecodes, keys, limits, data))
        return [Training(*(part[i] for part in training)) for i in range(len(jobs))]


@dataclasses.dataclass
class _Lane:
    """A candidate on its way through the tasks."""

    job: Job
    status: Status = Status.OK
    scores: tuple[float, ...] = ()
    curves: tuple[tuple[float, ...], ...] = ()
    seconds: float = 0.0

    def trains_on(self, index: int) -> bool:
        return self.status is Status.OK and self.job.task in (None, index)

    def add(self, training: Training, limits: np.ndarray) -> None:
        """Takes in what came of the next task."""
        self.curves += (tuple(training.curve[: int(training.num_chunks)].tolist()),)
        score = float(training.score)
        if np.isfinite(score):
            self.scores += (score,)
        else:
            self.status = _reason(training, limits)

    def measurement(self) -> Measurement:
        scores = self.scores if self.status is Status.OK else ()
        return Measurement(self.status, scores, self.curves, self.seconds)


def _limits(job: Job, index: int) -> np.ndarray:
    """The hurdles of a candidate on a task."""
    return np.array(NO_HURDLE if job.hurdles is None else job.hurdles[index], np.float32)


def task_key(seed: int, index: int) -> jax.Array:
    """The key of a run's task: all randomness of training on it."""
    return jax.random.fold_in(jax.random.key(seed), index)


_task_keys = jax.jit(jax.vmap(task_key, in_axes=(0, None)))


def _reason(training: Training, hurdles: np.ndarray) -> Status:
    """Why a training has no score."""
    last = int(training.num_chunks) - 1
    loss = training.curve[last]
    is_above = np.isfinite(loss) and loss > hurdles[last]
    return Status.HURDLE if is_above else Status.NOT_FINITE


def _trainer(task: Task, functions: Collection[str]):
    def run(bytecode, key, hurdles, data):
        of_lanes = batch_machine if key.shape else machine
        optimizer = of_lanes.as_optimizer(bytecode, task.schedule, functions)
        return train(dataclasses.replace(task, data=data), optimizer, key, hurdles)

    return run
