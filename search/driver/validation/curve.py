"""The validation curve: the best program of a run so far, on tasks that the search never sees.

The curve is a function of the history. It has a point after every `every` individuals, and one at
the end of the run. A program that is the best at several points is trained once.
"""

import dataclasses
import statistics
from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evaluation.ranking import or_neg_inf
from lionhunt.search.storage.run_store import RunStore, StoredProgram


class ValidationPoint(NamedTuple):
    """A point of the curve.

    Attributes:
        num_programs: individuals of the history.
        best: the one of the highest rank.
    """

    num_programs: int
    best: StoredProgram


@dataclasses.dataclass
class ValidationCurve:
    """The points of a run so far, and the measurements of their programs.

    Attributes:
        directions: for each validation task, whether higher scores are better.
        every: individuals between two points.
        early_stop: validations in a row without a new best that end the run; None for no end.
        reference: fingerprint of the program of fitness 0.
        measured: measurement of each program, by fingerprint and number of the task.
        points: in order of the history.
        num_programs: individuals of the history.
        best: the one of the highest rank.
        is_pending: True while the program of the last point, or the reference, is not trained.
        is_stopped: True once too many validations in a row had no new best.
    """

    directions: tuple[bool, ...]
    every: int
    early_stop: int | None
    reference: str
    measured: dict[tuple[str, int], Measurement]
    points: list[ValidationPoint] = dataclasses.field(default_factory=list)
    num_programs: int = 0
    best: StoredProgram | None = None
    is_pending: bool = False
    is_stopped: bool = False

    @classmethod
    def of_records(cls, records: RunStore) -> "ValidationCurve | None":
        """Return the curve of a recorded run; None if it has no validation tasks."""
        info = records.info()
        directions = tuple(task["higher_is_better"] for task in info.get("validation_tasks", ()))
        if not directions:
            return None
        config = info["config"]["validation"]
        reference = fingerprint(records.reference())
        every, measured = config["every"], records.validations()
        curve = cls(directions, every, config["early_stop"], reference, measured)
        best, best_rank = None, or_neg_inf(None)
        for index, _, rank in records.iter_outcomes(0):
            if or_neg_inf(rank) > best_rank:
                best, best_rank = index, or_neg_inf(rank)
            curve.num_programs = index + 1
            if curve.num_programs % every == 0 and best is not None:
                curve.points.append(ValidationPoint(curve.num_programs, records.row(best)))
        curve.best = None if best is None else records.row(best)
        curve._update()
        return curve

    def add(self, row: StoredProgram) -> None:
        """Add one more individual."""
        self.num_programs += 1
        if self.best is None or row.rank_or_neg_inf > self.best.rank_or_neg_inf:
            self.best = None if row.rank is None else row
        if self.num_programs % self.every == 0:
            self._add_point()

    def end(self) -> None:
        """Add the point at the end of the run, unless it is there."""
        if not self.points or self.points[-1].num_programs < self.num_programs:
            self._add_point()

    def record(self, owner: str, task: int, measurement: Measurement) -> None:
        """Add the measurement of a program on a task."""
        self.measured[owner, task] = measurement
        self._update()

    def _add_point(self) -> None:
        if self.best is not None:
            self.points.append(ValidationPoint(self.num_programs, self.best))
            self._update()

    def _update(self) -> None:
        if not self.points:
            return
        last = self.points[-1].best.fingerprint
        self.is_pending = bool(self.lacks(self.reference) or self.lacks(last))
        if self.early_stop is not None and not self.is_pending:
            self.is_stopped = self._num_in_vain() >= self.early_stop

    def _num_in_vain(self) -> int:
        """Return the number of the last validations in a row without a new best."""
        peak, num_in_vain = or_neg_inf(None), 0
        for point in self.changes:
            fitness = or_neg_inf(self.fitness(point.best.fingerprint))
            num_in_vain = 0 if fitness > peak else num_in_vain + 1
            peak = max(peak, fitness)
        return num_in_vain

    def lacks(self, owner: str) -> list[int]:
        """Return the numbers of the tasks that a program was not trained on."""
        return [k for k in range(len(self.directions)) if (owner, k) not in self.measured]

    @property
    def changes(self) -> list[ValidationPoint]:
        """Return the points whose program differs from that of the point before."""
        names = [None, *(point.best.fingerprint for point in self.points)]
        pairs = zip(self.points, names, strict=False)
        return [point for point, before in pairs if point.best.fingerprint != before]

    @property
    def peak(self) -> ValidationPoint | None:
        """Return the point of the highest fitness, the first of equals; None if there is none."""
        scored = [p for p in self.changes if self.fitness(p.best.fingerprint) is not None]
        return max(scored, key=lambda p: or_neg_inf(self.fitness(p.best.fingerprint)), default=None)

    def fitness_by_task(self, owner: str) -> list[float | None]:
        """Return the fitness of a program on each task; None for a failure, or before it ends."""
        return [self._task_fitness(owner, k) for k in range(len(self.directions))]

    def fitness(self, owner: str) -> float | None:
        """Return the mean fitness of a program over the tasks; None if it lacks one."""
        by_task = [each for each in self.fitness_by_task(owner) if each is not None]
        return statistics.fmean(by_task) if len(by_task) == len(self.directions) else None

    def _task_fitness(self, owner: str, task: int) -> float | None:
        score, of_reference = self.score(owner, task), self.score(self.reference, task)
        if score is None or of_reference is None:
            return None
        return task_fitness(score, of_reference, self.directions[task])

    def score(self, owner: str, task: int) -> float | None:
        """Return the score of a program on a task; None for a failure, or before it ends."""
        measured = self.measured.get((owner, task))
        return measured.scores[0] if measured and measured.status is Status.OK else None
