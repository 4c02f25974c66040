"""What a change of a program costs, measured: both train with the same seeds on named tasks.

A change is harmless if on every task the interval of its relative loss ends below the tolerance: it
was measured well enough to exclude more. So noise keeps a statement, and never removes one.
"""

import enum
import statistics
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.driver.scoring import open_pool
from lionhunt.search.driver.setup import summarize_tasks
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evolution.hyperparameters import apply_tuning, untuned
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.statistics import Interval, interval
from lionhunt.search.workers.pool import Pool


class ChangeVerdict(enum.StrEnum):
    """What measurements say of a change."""

    HARMLESS = "harmless"
    """The interval ends below the tolerance, on every task."""
    HARMFUL = "harmful"
    """The interval begins above the tolerance, or training fails, on some task."""
    UNDECIDED = "undecided"


class MeasuredTask(NamedTuple):
    """A task that changes are measured on.

    Attributes:
        name: tells it from the others.
        metric: what its score is, with its unit.
        higher_is_better: the direction of the score.
    """

    name: str
    metric: str
    higher_is_better: bool


class Paired(NamedTuple):
    """A change on one task.

    Attributes:
        task: its name.
        metric: what the scores are.
        num_seeds: with which both programs trained.
        num_failed: of these, with which the changed program found no score.
        before, after: the mean scores; `after` is None if it failed.
        loss: how much worse it became, as a share of the score before; None if it failed.
    """

    task: str
    metric: str
    num_seeds: int
    num_failed: int
    before: float
    after: float | None
    loss: Interval | None


class Evidence(NamedTuple):
    """What was measured of a change.

    Attributes:
        verdict: what it says.
        tasks: each task that was tried; after a harmful one no other is.
    """

    verdict: ChangeVerdict
    tasks: tuple[Paired, ...]

    @property
    def worst_loss(self) -> float:
        """The largest mean loss on a task; infinite where training failed."""
        return max(task.loss.mean if task.loss else float("inf") for task in self.tasks)


class BaseFailed(Exception):
    """The program that is to be simplified finds no score: there is nothing to compare with."""


class Measurer:
    """Compares programs; every training is run once, whatever it is compared with.

    Args:
        pool: where programs train; it was started.
        tasks: those of the pool, the cheapest first.
        tolerance: the largest relative loss that counts as none.
        num_seeds: how many seeds each look takes, from few to many, two at least; what the last
            one leaves open is undecided.
        first_seed: the seeds are this number and those that follow.
        learning_rate: multiplies the update of every program that trains.
        say: told what is being measured.
    """

    def __init__(
        self,
        pool: Pool,
        tasks: Sequence[MeasuredTask],
        *,
        tolerance: float,
        num_seeds: Sequence[int],
        first_seed: int,
        learning_rate: float = 1.0,
        say: Callable[[str], None] = lambda text: None,
    ):
        self.tasks = tuple(tasks)
        self.tolerance = tolerance
        self.num_seeds = tuple(num_seeds)
        self.first_seed = first_seed
        self.learning_rate = learning_rate
        self.say = say
        self.num_trainings = 0
        self.pool = pool
        self._known: dict[str, Measurement] = {}

    def screen(self, base: Program, changed: Sequence[Program]) -> list[Evidence]:
        """A first look at many changes, with the fewest seeds."""
        return self._look(base, changed, self.num_seeds[0])

    def confirm(self, base: Program, changed: Program) -> Evidence:
        """Looks closer until the change is harmless or harmful, or the seeds are used up.

        The first look alone never makes a change harmless.
        """
        evidence = Evidence(ChangeVerdict.UNDECIDED, ())
        for num_seeds in self.num_seeds[1:]:
            (evidence,) = self._look(base, [changed], num_seeds)
            if evidence.verdict is not ChangeVerdict.UNDECIDED:
                break
        return evidence

    def compare(self, base: Program, changed: Program, num_seeds: int | None = None) -> Evidence:
        """All tasks with so many seeds, by default as many as there are, harmful or not."""
        count = num_seeds or self.num_seeds[-1]
        found = [self._pairs(base, [changed], task, count)[0] for task in range(len(self.tasks))]
        return Evidence(self._verdict(found), tuple(found))

    def _look(self, base: Program, changed: Sequence[Program], num_seeds: int) -> list[Evidence]:
        """Task by task; a change that one task shows to be harmful is not tried on the next."""
        found: list[list[Paired]] = [[] for _ in changed]
        going_on = list(range(len(changed)))
        for task in range(len(self.tasks)):
            if not going_on:
                break
            pairs = self._pairs(base, [changed[i] for i in going_on], task, num_seeds)
            for i, paired in zip(going_on, pairs, strict=True):
                found[i].append(paired)
            going_on = [i for i in going_on if self._verdict(found[i]) is not ChangeVerdict.HARMFUL]
        return [Evidence(self._verdict(paired), tuple(paired)) for paired in found]

    def _verdict(self, tasks: Sequence[Paired]) -> ChangeVerdict:
        if any(task.loss is None or task.loss.low > self.tolerance for task in tasks):
            return ChangeVerdict.HARMFUL
        if all(task.loss is not None and task.loss.high <= self.tolerance for task in tasks):
            return ChangeVerdict.HARMLESS
        return ChangeVerdict.UNDECIDED

    def _pairs(
        self, base: Program, changed: Sequence[Program], task: int, num_seeds: int
    ) -> list[Paired]:
        seeds = range(self.first_seed, self.first_seed + num_seeds)
        self._train([base, *changed], task, seeds)
        before = self._scores(base, task, seeds)
        if len(before) < num_seeds:
            raise BaseFailed(
                f"the program does not train on {self.tasks[task].name}: "
                f"{num_seeds - len(before)} of {num_seeds} trainings found no score; "
                "choose other tasks"
            )
        return [
            _pair(self.tasks[task], before, self._scores(program, task, seeds))
            for program in changed
        ]

    def _scores(self, program: Program, task: int, seeds: range) -> list[float]:
        """The scores, seed by seed, without those of trainings that failed."""
        name = fingerprint(self._scaled(program))
        found = [self._known[f"{name} {task} {seed}"] for seed in seeds]
        return [each.scores[0] for each in found if each.status is Status.OK]

    def _train(self, programs: Sequence[Program], task: int, seeds: range) -> None:
        """Trains what is not known yet."""
        waiting: dict[str, Job] = {}
        for program in map(self._scaled, programs):
            name, bytecode = fingerprint(program), assemble(program)
            for job in (Job(f"{name} {task} {seed}", bytecode, seed, task) for seed in seeds):
                if job.name not in self._known:
                    waiting[job.name] = job
        for job in waiting.values():
            self.pool.submit(job)
        self.num_trainings += len(waiting)
        total = len(waiting)
        while waiting:
            self.say(f"{self.tasks[task].name}: {total - len(waiting)} of {total} trainings")
            for name, measurement in self.pool.wait(1.0):
                del waiting[name]
                self._known[name] = measurement

    def _scaled(self, program: Program) -> Program:
        """The program as it trains."""
        return apply_tuning(program, untuned(program, self.learning_rate))


def _pair(task: MeasuredTask, before: Sequence[float], after: Sequence[float]) -> Paired:
    """Compares scores of the same seeds; there are fewer after the change if trainings failed."""
    num_seeds, num_failed = len(before), len(before) - len(after)
    start = statistics.fmean(before)
    if num_failed:
        return Paired(task.name, task.metric, num_seeds, num_failed, start, None, None)
    losses = [
        -task_fitness(new, old, task.higher_is_better)
        for new, old in zip(after, before, strict=True)
    ]
    end = statistics.fmean(after)
    return Paired(task.name, task.metric, num_seeds, 0, start, end, interval(losses))


@contextmanager
def open_measurer(
    program: Program,
    config: SimplifyConfig,
    num_workers: int,
    say: Callable[[str], None] = lambda text: None,
) -> Iterator[Measurer]:
    """What measures changes of a program, with workers that train.

    Args:
        program: that is to be changed.
        config: tasks, seeds, tolerance.
        num_workers: Ray workers; 0 trains in this process.
        say: told what is being measured.

    Raises:
        BaseFailed: the program does not learn.
    """
    tasks = summarize_tasks([options.build() for options in config.tasks])
    say("starting: every worker compiles the tasks once")
    opened = open_pool(
        config.tasks,
        config.first_seed,
        OPS.keys(),
        num_workers=num_workers,
        candidate_seconds=config.candidate_seconds,
        ray_address=config.ray_address,
    )
    with opened as pool:
        pool.start(Job("reference", assemble(_STILL)))
        measurer = Measurer(
            pool,
            [MeasuredTask(t["name"], t["metric"], t["higher_is_better"]) for t in tasks],
            tolerance=config.tolerance,
            num_seeds=config.num_seeds,
            first_seed=config.first_seed,
            say=say,
        )
        measurer.learning_rate = _choose_learning_rate(measurer, program, config.learning_rate)
        yield measurer


_STILL = parse("def still(w, g, lr): return 0.0")
"""The optimizer that leaves the weights as they are."""
LEARNING_RATES = (0.1, 0.01, 0.001, 0.0001)
"""Those that are tried where a program does not learn with 1."""


def _choose_learning_rate(measurer: Measurer, program: Program, given: float | None) -> float:
    """The given one, or 1, or else the best of `LEARNING_RATES`: one that the program learns with.

    Of a program that does not learn, every removal would be harmless.
    """
    first = given or 1.0
    if _loss(measurer, program, first) is not None:
        return first
    others = () if given else LEARNING_RATES
    losses = {rate: _loss(measurer, program, rate) for rate in others}
    found = {rate: loss for rate, loss in losses.items() if loss is not None}
    if not found:
        tried = ", ".join(f"{rate:g}" for rate in (first, *others))
        raise BaseFailed(
            f"the program does not learn on the tasks with learning rate {tried}, so nothing can "
            "be measured; choose others with --config, or give --exact-only"
        )
    return min(found, key=found.__getitem__)


def _loss(measurer: Measurer, program: Program, learning_rate: float) -> float | None:
    """The worst loss, below 0, against no optimizer; None if the program does not learn.

    It learns if it is better on every task, by the interval of a first look.
    """
    measurer.learning_rate = learning_rate
    (look,) = measurer.screen(_STILL, [program])
    gains = [task for task in look.tasks if task.loss is not None and task.loss.high < 0]
    return look.worst_loss if len(gains) == len(measurer.tasks) else None
