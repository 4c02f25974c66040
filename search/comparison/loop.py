"""The loop of a comparison: each optimizer on each task is tuned, then trained on fresh seeds."""

from collections import Counter
from collections.abc import Callable, Container, Generator, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from typing import NamedTuple

from lionhunt.search.comparison.config import ComparisonConfig
from lionhunt.search.comparison.optimizers import ComparedOptimizer, Recipe, find_optimizer
from lionhunt.search.comparison.protocol import (
    Seeds,
    TrainingRequest,
    num_trainings,
    tune_and_train,
)
from lionhunt.search.comparison.result import ComparedTask, Comparison, Tuned
from lionhunt.search.comparison.store import ComparisonStore, TrainingKey
from lionhunt.search.comparison.trainer import TrainingJob
from lionhunt.search.environment import check_same_machine, summarize_environment
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.tuning_grid import Hyperparameters
from lionhunt.search.workers.pool import Pool

OpenTrainers = Callable[[], AbstractContextManager[Pool]]
"""Opens a pool for the tasks of a comparison."""


LASTING = (Status.OK, Status.NOT_FINITE)
"""Outcomes that do not depend on the worker; a resumed comparison retries all others."""

REFERENCE_OPTIMIZER = find_optimizer("reference", "adamw", Hyperparameters(1e-3, 0.01), {}, {})
"""The optimizer that every worker trains first."""


class ComparisonProgress(NamedTuple):
    """Progress of a comparison.

    Attributes:
        name: name of the comparison.
        num_trainings: trainings done so far.
        total: all trainings; fewer where equal trainings are shared.
        num_done: finished pairs of optimizer and task.
        num_cells: all pairs of optimizer and task.
    """

    name: str
    num_trainings: int
    total: int
    num_done: int
    num_cells: int


class ComparisonLoop:
    """The loop of a comparison; its result depends on the config alone.

    Args:
        name: name of the comparison.
        config: optimizers, tasks and budgets.
        optimizers: optimizers of the config, in order.
        tasks: tasks of the config, in order.
        records: the store, open to write; its trainings are not repeated.
        open_trainers: opens a pool for the tasks, if there is something to train; those of fewer
            steps follow the others.
        shorter: for each task, those of fewer steps.
    """

    def __init__(
        self,
        name: str,
        config: ComparisonConfig,
        optimizers: Sequence[ComparedOptimizer],
        tasks: Sequence[ComparedTask],
        records: ComparisonStore,
        open_trainers: OpenTrainers,
        shorter: Sequence[Sequence[ComparedTask]] = (),
    ):
        self._name = name
        self._config = config
        self._optimizers = tuple(optimizers)
        self._tasks = tuple(tasks)
        self._records = records
        self._open_trainers = open_trainers
        self._lengths = _number_lengths(self._tasks, shorter)
        self._measured = {
            key: measurement
            for key, measurement in records.trainings().items()
            if measurement.status in LASTING
        }
        self._in_flight: dict[str, TrainingKey] = {}
        self._pool: Pool | None = None

    def run(self) -> Generator[ComparisonProgress, None, Comparison]:
        """Run to the end and return the result; whatever is yielded is recorded already.

        Raises:
            RecordError: this machine trains otherwise than the one that began.
        """
        cells = [
            _OptimizerOnTask(self._config, optimizer, task, lengths)
            for optimizer in self._optimizers
            for task, lengths in zip(self._tasks, self._lengths, strict=True)
        ]
        with ExitStack() as stack:
            while running := [cell for cell in cells if cell.tuned is None]:
                jobs = [job for cell in running for job in self._advance(cell)]
                for job in spread_sizes(jobs):
                    self._started(stack).submit(job)
                if self._in_flight:
                    self._wait()
                    yield self._progress(cells)
        optimizers = tuple(optimizer.name for optimizer in self._optimizers)
        seeds = Seeds.of(self._config)
        return Comparison(
            self._name,
            self._config.reference or optimizers[0],
            optimizers,
            self._tasks,
            seeds.tuning,
            seeds.final,
            {(cell.optimizer.name, cell.task.name): cell.result for cell in cells},
        )

    def _advance(self, cell: "_OptimizerOnTask") -> Iterator[TrainingJob]:
        """Hand a cell its measurements once they are complete, and yield the next jobs."""
        while cell.tuned is None and all(key in self._measured for key, _ in cell.requested):
            cell.receive([self._measured[key] for key, _ in cell.requested])
            for key, job in cell.requested:
                if key not in self._measured and job.name not in self._in_flight:
                    self._in_flight[job.name] = key
                    yield job

    def _wait(self) -> None:
        assert self._pool is not None
        for name, measurement in self._pool.wait(0.2):
            self._add(self._in_flight.pop(name), measurement)
        self._records.commit()

    def _add(self, key: TrainingKey, measurement: Measurement) -> None:
        self._measured[key] = measurement
        self._records.add_training(key, measurement)

    def _started(self, stack: ExitStack) -> Pool:
        """Return the pool; the first call opens it and checks its arithmetic."""
        if self._pool is None:
            self._pool = stack.enter_context(self._open_trainers())
            first = self._tasks[0]
            recipe = REFERENCE_OPTIMIZER.at(REFERENCE_OPTIMIZER.start, first.kind, first.num_steps)
            key = (f"reference {first.digest}", recipe.fingerprint, 0, False)
            measured = self._pool.start(TrainingJob("reference", recipe.rule, 0, 0, False))
            check_same_machine(
                self._measured.get(key),
                measured,
                subject="the reference",
                noun="comparison",
                recorded_setup=self._records.info(),
                current_setup=summarize_environment,
            )
            if key not in self._measured:
                self._add(key, measured)
        return self._pool

    def _progress(self, cells: Sequence["_OptimizerOnTask"]) -> ComparisonProgress:
        return ComparisonProgress(
            self._name,
            sum(cell.num_measured(self._measured) for cell in cells),
            len(cells) * num_trainings(self._config),
            sum(cell.tuned is not None for cell in cells),
            len(cells),
        )


def spread_sizes(jobs: Sequence[TrainingJob]) -> list[TrainingJob]:
    """Sort jobs so that jobs of one size are far apart.

    Two workers then compile different things, and each finds the result of the other in the cache.
    """
    counts: Counter[Hashable] = Counter()
    ranks = []
    for job in jobs:
        ranks.append(counts[job.size])
        counts[job.size] += 1
    return [job for _, job in sorted(zip(ranks, jobs, strict=True), key=lambda pair: pair[0])]


class _TrainedTask(NamedTuple):
    """A task as it trains: digest and number among the tasks of the pool."""

    digest: str
    number: int


def _number_lengths(
    tasks: Sequence[ComparedTask], shorter: Sequence[Sequence[ComparedTask]]
) -> list[dict[int, _TrainedTask]]:
    """Return, for each task, all of its lengths in steps, the longest first."""
    lengths = [{task.num_steps: _TrainedTask(task.digest, i)} for i, task in enumerate(tasks)]
    number = len(tasks)
    for by_length, own in zip(lengths, shorter, strict=False):
        for task in own:
            # Lengths of a short task may round to one number.
            by_length.setdefault(task.num_steps, _TrainedTask(task.digest, number))
            number += 1
    return lengths


class _OptimizerOnTask:
    """An optimizer on a task, while its protocol runs."""

    def __init__(
        self,
        config: ComparisonConfig,
        optimizer: ComparedOptimizer,
        task: ComparedTask,
        lengths: Mapping[int, _TrainedTask],
    ):
        self.optimizer = optimizer
        self.task = task
        self._lengths = lengths
        self._protocol = tune_and_train(
            config,
            optimizer.start,
            task.higher_is_better,
            sorted(length for length in lengths if length != task.num_steps),
        )
        self._is_begun = False
        self._num_received = 0
        self.requested: list[tuple[TrainingKey, TrainingJob]] = []
        self.tuned: Tuned | None = None

    @property
    def result(self) -> Tuned:
        assert self.tuned is not None
        return self.tuned

    def num_measured(self, measured: Container[TrainingKey]) -> int:
        """Return the number of its trainings that are done."""
        return self._num_received + sum(key in measured for key, _ in self.requested)

    def receive(self, measurements: list[Measurement]) -> None:
        """Take the measurements of the current requests; new requests follow, or the result."""
        self._num_received += len(measurements)
        try:
            requests = self._protocol.send(measurements) if self._is_begun else next(self._protocol)
        except StopIteration as stop:
            self.tuned = stop.value
            requests = []
        self._is_begun = True
        points = {(request.point, self._num_steps(request)) for request in requests}
        kind = self.task.kind
        recipes = {(point, steps): self.optimizer.at(point, kind, steps) for point, steps in points}
        self.requested = [self._to_job(r, recipes[r.point, self._num_steps(r)]) for r in requests]

    def _num_steps(self, request: TrainingRequest) -> int:
        return request.num_steps or self.task.num_steps

    def _to_job(self, request: TrainingRequest, recipe: Recipe) -> tuple[TrainingKey, TrainingJob]:
        digest, number = self._lengths[self._num_steps(request)]
        key = (digest, recipe.fingerprint, request.seed, request.in_detail)
        name = " ".join(map(str, key))
        job = TrainingJob(name, recipe.rule, number, request.seed, request.in_detail)
        return key, job
