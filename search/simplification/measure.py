"""Paired measurement of a change: both programs train with the same seeds on the same tasks.

A change is harmless if the interval of its relative loss ends below the tolerance, on every task.
Noise widens the interval, so noise keeps a statement and never removes one.
"""

import enum
import statistics
from collections.abc import Sequence
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.search.activity import Activity, OnActivity, ignore
from lionhunt.search.environment import check_same_machine, summarize_environment
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evolution.hyperparameters import apply_tuning, untuned
from lionhunt.search.simplification.store import REFERENCE, SimplificationStore
from lionhunt.search.statistics import Interval, interval
from lionhunt.search.workers.pool import Pool

LASTING = (Status.OK, Status.NOT_FINITE)
"""Outcomes that do not depend on the worker; a resumed simplification retries all others."""


class ChangeVerdict(enum.StrEnum):
    """The result of measuring a change."""

    HARMLESS = "harmless"
    """The interval ends below the tolerance, on every task."""
    HARMFUL = "harmful"
    """The interval begins above the tolerance, or training fails, on some task."""
    UNDECIDED = "undecided"


class MeasuredTask(NamedTuple):
    """A task that measures changes.

    Attributes:
        name: its name, different from the other tasks.
        metric: the name of its score, with the unit.
        higher_is_better: the direction of the score.
    """

    name: str
    metric: str
    higher_is_better: bool


class PairedScores(NamedTuple):
    """The scores of a change on one task.

    Attributes:
        task: name of the task.
        metric: name of the score.
        num_seeds: seeds of both programs.
        num_failed: seeds with which the training of the changed program failed.
        before, after: the mean scores; `after` is None if a training failed.
        loss: relative loss with its interval, as a share of the score before; None likewise.
    """

    task: str
    metric: str
    num_seeds: int
    num_failed: int
    before: float
    after: float | None
    loss: Interval | None


class Evidence(NamedTuple):
    """The measurements of a change.

    Attributes:
        verdict: their result.
        tasks: the tasks that were tried; none is tried after a harmful one.
    """

    verdict: ChangeVerdict
    tasks: tuple[PairedScores, ...]

    @property
    def worst_loss(self) -> float:
        """Return the largest mean loss on a task; infinite if a training failed."""
        return max(task.loss.mean if task.loss else float("inf") for task in self.tasks)


class BaseFailed(Exception):
    """The training of the unchanged program failed, so there is no score to compare with."""


class Measurer:
    """Comparison of programs by training; each training runs once and is cached.

    Args:
        pool: a started pool.
        tasks: the tasks of the pool, the cheapest first.
        tolerance: the largest relative loss that counts as none.
        num_seeds: numbers of seeds of the looks, growing, two at least; a change is undecided if
            the last look does not decide it.
        first_seed: the first seed; the others follow it.
        learning_rate: factor of the update of every program that trains.
        on_activity: called with the trainings of each look.
        records: keeps the trainings, and has those of an interrupted simplification.
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
        on_activity: OnActivity = ignore,
        records: SimplificationStore | None = None,
    ):
        self.tasks = tuple(tasks)
        self.tolerance = tolerance
        self.num_seeds = tuple(num_seeds)
        self.first_seed = first_seed
        self.learning_rate = learning_rate
        self.on_activity = on_activity
        self._purpose = ""
        self.pool = pool
        self._records = records
        self._measurements = {
            name: measurement
            for name, measurement in (records.trainings() if records else {}).items()
            if measurement.status in LASTING
        }
        self._needed: set[str] = set()

    @property
    def num_trainings(self) -> int:
        """Return the number of trainings so far, recorded ones included."""
        return len(self._needed)

    def announce(self, purpose: str) -> None:
        """Tell the purpose of the trainings that follow."""
        self._purpose = purpose
        self.on_activity(Activity(purpose))

    def screen(self, base: Program, changed: Sequence[Program]) -> list[Evidence]:
        """Measure many changes with the fewest seeds: the first look."""
        return self._look(base, changed, self.num_seeds[0])

    def confirm(self, base: Program, changed: Program) -> Evidence:
        """Measure a change with more and more seeds, until one look decides.

        The first look alone never makes a change harmless.
        """
        evidence = Evidence(ChangeVerdict.UNDECIDED, ())
        for num_seeds in self.num_seeds[1:]:
            (evidence,) = self._look(base, [changed], num_seeds)
            if evidence.verdict is not ChangeVerdict.UNDECIDED:
                break
        return evidence

    def compare(self, base: Program, changed: Program, num_seeds: int | None = None) -> Evidence:
        """Measure a change on all tasks, harmful or not, by default with all seeds."""
        count = num_seeds or self.num_seeds[-1]
        pairs = [self._pairs(base, [changed], task, count)[0] for task in range(len(self.tasks))]
        return Evidence(self._verdict(pairs), tuple(pairs))

    def _look(self, base: Program, changed: Sequence[Program], num_seeds: int) -> list[Evidence]:
        """Measure changes task by task; a change that is harmful on a task skips the next ones."""
        pairs: list[list[PairedScores]] = [[] for _ in changed]
        remaining = list(range(len(changed)))
        for task in range(len(self.tasks)):
            if not remaining:
                break
            scores = self._pairs(base, [changed[i] for i in remaining], task, num_seeds)
            for i, paired in zip(remaining, scores, strict=True):
                pairs[i].append(paired)
            remaining = [
                i for i in remaining if self._verdict(pairs[i]) is not ChangeVerdict.HARMFUL
            ]
        return [Evidence(self._verdict(paired), tuple(paired)) for paired in pairs]

    def _verdict(self, tasks: Sequence[PairedScores]) -> ChangeVerdict:
        if any(task.loss is None or task.loss.low > self.tolerance for task in tasks):
            return ChangeVerdict.HARMFUL
        if all(task.loss is not None and task.loss.high <= self.tolerance for task in tasks):
            return ChangeVerdict.HARMLESS
        return ChangeVerdict.UNDECIDED

    def _pairs(
        self, base: Program, changed: Sequence[Program], task: int, num_seeds: int
    ) -> list[PairedScores]:
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
        """Return the scores, seed by seed, without failed trainings."""
        name = fingerprint(self._scaled(program))
        measurements = [self._measurements[f"{name} {task} {seed}"] for seed in seeds]
        return [each.scores[0] for each in measurements if each.status is Status.OK]

    def _train(self, programs: Sequence[Program], task: int, seeds: range) -> None:
        """Train the programs and seeds that are not cached."""
        waiting: dict[str, Job] = {}
        for program in map(self._scaled, programs):
            name, bytecode = fingerprint(program), assemble(program)
            for job in (Job(f"{name} {task} {seed}", bytecode, seed, task) for seed in seeds):
                self._needed.add(job.name)
                if job.name not in self._measurements:
                    waiting[job.name] = job
        for job in waiting.values():
            self.pool.submit(job)
        total = len(waiting)
        while waiting:
            text = ", ".join(filter(None, (self._purpose, self.tasks[task].name)))
            self.on_activity(Activity(text, total - len(waiting), total, "trainings"))
            for name, measurement in self.pool.wait(1.0):
                del waiting[name]
                self._add(name, measurement)
            if self._records is not None:
                self._records.commit()

    def check_machine(self, reference: Measurement) -> None:
        """Compare the first training of a worker with the recorded one, or record it.

        Raises:
            RecordError: this machine trains otherwise than the one that began.
        """
        if self._records is None:
            return
        check_same_machine(
            self._measurements.get(REFERENCE),
            reference,
            subject="the reference",
            noun=self._records.kind.noun,
            recorded_setup=self._records.info(),
            current_setup=summarize_environment,
        )
        self._add(REFERENCE, reference)

    def _add(self, name: str, measurement: Measurement) -> None:
        self._measurements[name] = measurement
        if self._records is not None:
            self._records.add_training(name, measurement)

    def _scaled(self, program: Program) -> Program:
        """Return the program with its update scaled by the learning rate, as it trains."""
        return apply_tuning(program, untuned(program, self.learning_rate))


def _pair(task: MeasuredTask, before: Sequence[float], after: Sequence[float]) -> PairedScores:
    """Pair scores of the same seeds; `after` is shorter if trainings failed."""
    num_seeds, num_failed = len(before), len(before) - len(after)
    start = statistics.fmean(before)
    if num_failed:
        return PairedScores(task.name, task.metric, num_seeds, num_failed, start, None, None)
    losses = [
        -task_fitness(new, old, task.higher_is_better)
        for new, old in zip(after, before, strict=True)
    ]
    end = statistics.fmean(after)
    return PairedScores(task.name, task.metric, num_seeds, 0, start, end, interval(losses))
