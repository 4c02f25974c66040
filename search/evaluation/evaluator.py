"""The scorer of candidates: it trains their bytecode on every task."""

import dataclasses
import time
from collections.abc import Collection, Hashable, Sequence
from typing import TYPE_CHECKING

import jax
import numpy as np

from lionhunt.dsl.op_table import OPS
from lionhunt.proxy_tasks import NUM_CHUNKS, Task, Training
from lionhunt.proxy_tasks.guarding import of_callback
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.search.errors import ScorerError
from lionhunt.search.evaluation.compilation import Compilation
from lionhunt.search.evaluation.halving import Trained
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evaluation.trainer import TaskTrainer

if TYPE_CHECKING:
    from lionhunt.search.evaluation.torch_trainer import TorchTrainer

NO_HURDLE = (float("inf"),) * NUM_CHUNKS


class Evaluator:
    """A scorer of bytecode on tasks; it compiles each task once for each size of bytecode.

    In a batch, candidates of one size train side by side, which is faster on an accelerator. Free
    lanes of a batch repeat the first candidate, so all batches share one compilation. The
    measurement of a candidate depends on nothing else in its batch. It differs from training
    alone by float32 rounding.

    Args:
        tasks: to train on, in order; a candidate that fails on one does not train on the next.
        seed: of the run; every job without a seed of its own trains with it.
        functions: the functions that candidates may have; fewer functions compile faster.
        batch_size: candidates that train side by side; halved for a task that runs out of memory.
        num_extra: number of the last tasks that only jobs which name them train on.
    """

    def __init__(
        self,
        tasks: Sequence[Task | TorchTask],
        seed: int,
        functions: Collection[str] = OPS.keys(),
        batch_size: int = 1,
        num_extra: int = 0,
    ):
        self._functions = frozenset(functions)
        self._seed = seed
        self._num_tasks = len(tasks)
        self._num_usual = self._num_tasks - num_extra
        self._batch_size = batch_size
        # Smaller batches, by task and size, where memory ran out.
        self._widths: dict[tuple[int, Hashable], int] = {}
        self._trainers = [_make_trainer(task, self._functions) for task in tasks]
        # Lanes are of compiled code.
        self._is_batched = [isinstance(task, Task) for task in tasks]

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        """Train every candidate on the tasks of its job, and return their measurements in order.

        Running out of memory is a measurement; any other error of a task is raised.

        Raises:
            ScorerError: a candidate has a function that was left out.
        """
        lanes = [_Lane(job) for job in jobs]
        for job in jobs:
            if left_out := job.bytecode.functions - self._functions:
                names = ", ".join(sorted(left_out))
                raise ScorerError(f"the scorer was made without {names}; make one with them")
        for index in range(self._num_tasks):
            by_size: dict[Hashable, list[_Lane]] = {}
            for lane in lanes:
                if lane.trains_on(index, is_usual=index < self._num_usual):
                    by_size.setdefault(lane.job.size, []).append(lane)
            for size, lanes_of_size in by_size.items():
                self._train_lanes(index, size, lanes_of_size)
        return [lane.measurement() for lane in lanes]

    def compilations(self, job: Job) -> list[Compilation]:
        """Return what the evaluation of a job compiles, the longest first; none in batches."""
        if self._batch_size > 1:
            return []
        of_tasks = [
            trainer.compilations(job.bytecode, task_key(self._seed, index))
            for index, trainer in enumerate(self._trainers[: self._num_usual])
            if isinstance(trainer, TaskTrainer)
        ]
        return [each for same_kind in zip(*of_tasks, strict=True) for each in same_kind]

    def _train_lanes(self, index: int, size: Hashable, lanes: list["_Lane"]) -> None:
        """Train candidates of one size on one task."""
        while lanes:
            widest = self._batch_size if self._is_batched[index] else 1
            width = self._widths.get((index, size), widest)
            batch = lanes[:width]
            start = time.perf_counter()
            try:
                trainings = self._train_batch(index, batch, width)
            except jax.errors.JaxRuntimeError as error:
                if "RESOURCE_EXHAUSTED" not in str(error):
                    raise of_callback(self._trainers[index].name, error) from error
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

    def _train_batch(self, index: int, lanes: list["_Lane"], width: int) -> list[Trained]:
        """Return the training of each lane."""
        jobs = [lane.job for lane in lanes]
        seeds = [self._seed if job.seed is None else job.seed for job in jobs]
        train = self._trainers[index].train
        if width == 1:
            (job,), (seed,) = jobs, seeds
            return train(
                job.bytecode, task_key(seed, index), _limits(job, index), _multiples(job, index)
            )
        job_of_lane = [*range(len(jobs)), *[0] * (width - len(jobs))]
        bytecodes = jax.tree.map(lambda *x: np.stack(x), *[jobs[i].bytecode for i in job_of_lane])
        keys = _task_keys(np.array([seeds[i] for i in job_of_lane], np.uint32), index)
        limits = np.stack([_limits(jobs[i], index) for i in job_of_lane])
        multiples = np.stack([_multiples(jobs[i], index) for i in job_of_lane], axis=1)
        return train(bytecodes, keys, limits, multiples)[: len(jobs)]


def _make_trainer(
    task: Task | TorchTask, functions: Collection[str]
) -> "TaskTrainer | TorchTrainer":
    if isinstance(task, Task):
        return TaskTrainer(task, functions)
    # torch is an extra of the package.
    from lionhunt.search.evaluation.torch_trainer import TorchTrainer

    return TorchTrainer(task, functions)


@dataclasses.dataclass
class _Lane:
    """A candidate, and the results of the tasks it has trained on."""

    job: Job
    status: Status = Status.OK
    scores: tuple[float, ...] = ()
    curves: tuple[tuple[float, ...], ...] = ()
    multiples: tuple[float, ...] = ()
    num_chunks: int = 0
    seconds: float = 0.0

    def trains_on(self, index: int, *, is_usual: bool) -> bool:
        is_asked = is_usual if self.job.task is None else self.job.task == index
        return self.status is Status.OK and is_asked

    def add(self, trained: Trained, limits: np.ndarray) -> None:
        """Add the training on the next task."""
        training = trained.training
        self.num_chunks += trained.num_chunks
        self.multiples += (trained.multiple,)
        self.curves += (tuple(training.curve[: int(training.num_chunks)].tolist()),)
        score = float(training.score)
        if np.isfinite(score):
            self.scores += (score,)
        else:
            self.status = _failure(training, limits)

    def measurement(self) -> Measurement:
        scores = self.scores if self.status is Status.OK else ()
        multiples = self.multiples if self.job.multiples else ()
        return Measurement(
            self.status,
            scores,
            self.curves,
            self.seconds,
            multiples=multiples,
            num_chunks=self.num_chunks,
        )


def _limits(job: Job, index: int) -> np.ndarray:
    """Return the hurdles of a candidate on a task, shape=(chunks,)."""
    hurdles = NO_HURDLE if job.hurdles is None else job.hurdles[_place(job, index)]
    return np.array(hurdles, np.float32)


def _multiples(job: Job, index: int) -> np.ndarray:
    """Return the multiples of the update that a candidate trains with, shape=(multiples,)."""
    return np.array(job.multiples[_place(job, index)] if job.multiples else (1.0,), np.float32)


def _place(job: Job, index: int) -> int:
    """Return the place of a task among those that a job trains on."""
    return index if job.task is None else 0


def task_key(seed: int, index: int) -> jax.Array:
    """Return the key of a task, from which all randomness of training on it comes."""
    return jax.random.fold_in(jax.random.key(seed), index)


_task_keys = jax.jit(jax.vmap(task_key, in_axes=(0, None)))


def _failure(training: Training, hurdles: np.ndarray) -> Status:
    """Return the status of a training without a score."""
    last = int(training.num_chunks) - 1
    loss = training.curve[last]
    is_above = np.isfinite(loss) and loss > hurdles[last]
    return Status.HURDLE if is_above else Status.NOT_FINITE
