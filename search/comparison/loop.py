"""A comparison: every optimizer on every task is tuned, then trained with fresh seeds."""

from collections import Counter
from collections.abc import Callable, Container, Generator, Hashable, Iterator, Sequence
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
from lionhunt.search.comparison.result import ComparedTask, Comparison, Hyperparameters, Tuned
from lionhunt.search.comparison.store import ComparisonStore, TrainingKey
from lionhunt.search.comparison.trainer import TrainingJob
from lionhunt.search.environment import refuse_difference, summarize_environment
from lionhunt.search.evaluation.outcome import Measurement, Status, first_difference
from lionhunt.search.workers.pool import Pool

OpenTrainers = Callable[[], AbstractContextManager[Pool]]
"""Opens a pool for the tasks of a comparison."""


LASTING = (Status.OK, Status.NOT_FINITE)
"""What comes of a training wherever it runs; any other outcome is tried again the next time."""


class ComparisonProgress(NamedTuple):
    """How far a comparison is.

    Attributes:
        name: of the comparison.
        num_trainings: that are known.
        total: that will be; less where what is the same trains once.
        num_done: optimizers on tasks that are done.
        num_cells: of these in all.
    """

    name: str
    num_trainings: int
    total: int
    num_done: int
    num_cells: int


class ComparisonLoop:
    """The loop of a comparison: a function of its config, whatever trains first or fails between.

    Args:
        name: of the comparison.
        config: what is compared.
        optimizers: those of the config, in order.
        tasks: those of the config, in order.
        records: open to write; what is there already is not trained again.
        open_trainers: opens a pool for the tasks, if something has to be trained.
    """

    def __init__(
        self,
        name: str,
        config: ComparisonConfig,
        optimizers: Sequence[ComparedOptimizer],
        tasks: Sequence[ComparedTask],
        records: ComparisonStore,
        open_trainers: OpenTrainers,
    ):
        self._name = name
        self._config = config
        self._optimizers = tuple(optimizers)
        self._tasks = tuple(tasks)
        self._records = records
        self._open_trainers = open_trainers
        self._known = {
            key: seen for key, seen in records.trainings().items() if seen.status in LASTING
        }
        self._in_flight: dict[str, TrainingKey] = {}
        self._pool: Pool | None = None

    def run(self) -> Generator[ComparisonProgress, None, Comparison]:
        """Runs to the end, yielding now and then; everything yielded is recorded.

        Raises:
            RecordError: this machine trains differently than the one that began.
        """
        cells = [
            _OptimizerOnTask(self._config, optimizer, task, number)
            for optimizer in self._optimizers
            for number, task in enumerate(self._tasks)
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
        """Tells a cell what it asked for, if all is known; yields what has to be trained next."""
        while cell.tuned is None and all(key in self._known for key in cell.wanted):
            cell.tell([self._known[key] for key in cell.wanted])
            for key, job in cell.jobs():
                if key not in self._known and job.name not in self._in_flight:
                    self._in_flight[job.name] = key
                    yield job

    def _wait(self) -> None:
        assert self._pool is not None
        for name, measurement in self._pool.wait(0.2):
            key = self._in_flight.pop(name)
            self._known[key] = measurement
            self._records.add_training(key, measurement)
        self._records.commit()

    def _started(self, stack: ExitStack) -> Pool:
        """The pool; the first time it is opened, and its arithmetic is compared."""
        if self._pool is None:
            self._pool = stack.enter_context(self._open_trainers())
            first = self._tasks[0]
            recipe = REFERENCE_OPTIMIZER.at(REFERENCE_OPTIMIZER.start, first.kind, first.num_steps)
            key = (f"reference {first.digest}", recipe.fingerprint, 0, False)
            seen = self._pool.start(TrainingJob("reference", recipe.rule, 0, 0, False))
            recorded = self._known.get(key)
            if recorded is None:
                self._known[key] = seen
                self._records.add_training(key, seen)
            elif (found := first_difference(recorded, seen)) is not None:
                raise refuse_difference(
                    "the reference",
                    "comparison",
                    found,
                    (self._records.info(), summarize_environment()),
                )
        return self._pool

    def _progress(self, cells: Sequence["_OptimizerOnTask"]) -> ComparisonProgress:
        return ComparisonProgress(
            self._name,
            sum(cell.num_known(self._known) for cell in cells),
            len(cells) * num_trainings(self._config),
            sum(cell.tuned is not None for cell in cells),
            len(cells),
        )


REFERENCE_OPTIMIZER = find_optimizer("reference", "adamw", Hyperparameters(1e-3, 0.01), {}, {})
"""What every worker trains first."""


def spread_sizes(jobs: Sequence[TrainingJob]) -> list[TrainingJob]:
    """Sorts jobs so that those of one size are far apart: two workers then compile different
    things, and each finds the other's in the cache."""
    seen: Counter[Hashable] = Counter()
    ranks = []
    for job in jobs:
        ranks.append(seen[job.size])
        seen[job.size] += 1
    return [job for _, job in sorted(zip(ranks, jobs, strict=True), key=lambda pair: pair[0])]


class _OptimizerOnTask:
    """An optimizer on a task, while it is studied."""

    def __init__(
        self,
        config: ComparisonConfig,
        optimizer: ComparedOptimizer,
        task: ComparedTask,
        number: int,
    ):
        self.optimizer = optimizer
        self.task = task
        self._number = number
        self._study = tune_and_train(config, optimizer.start, task.higher_is_better)
        self._requests: list[TrainingRequest] = []
        self._recipes: list[Recipe] = []
        self._is_begun = False
        self._num_told = 0
        self.tuned: Tuned | None = None

    @property
    def result(self) -> Tuned:
        assert self.tuned is not None
        return self.tuned

    def num_known(self, known: Container[TrainingKey]) -> int:
        """Trainings of it that are done."""
        return self._num_told + sum(key in known for key in self.wanted)

    @property
    def wanted(self) -> list[TrainingKey]:
        """What it asked for last."""
        pairs = zip(self._requests, self._recipes, strict=True)
        return [(self.task.digest, recipe.fingerprint, r.seed, r.in_detail) for r, recipe in pairs]

    def jobs(self) -> Iterator[tuple[TrainingKey, TrainingJob]]:
        """The trainings that it asked for last."""
        for key, request, recipe in zip(self.wanted, self._requests, self._recipes, strict=True):
            name = " ".join(map(str, key))
            job = TrainingJob(name, recipe.rule, self._number, request.seed, request.in_detail)
            yield key, job

    def tell(self, measurements: list[Measurement]) -> None:
        """Gives it what it asked for; it asks for more, or is done."""
        self._num_told += len(measurements)
        try:
            asked = self._study.send(measurements) if self._is_begun else next(self._study)
        except StopIteration as stop:
            self.tuned = stop.value
            asked = []
        self._is_begun = True
        recipes = {r.point: self._recipe(r.point) for r in asked}
        self._requests, self._recipes = asked, [recipes[r.point] for r in asked]

    def _recipe(self, point: Hyperparameters) -> Recipe:
        return self.optimizer.at(point, self.task.kind, self.task.num_steps)
