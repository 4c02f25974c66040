"""Meta-overfitting: search fitness grows while fitness on other tasks falls.

The metric of larger tasks, meta-validation, may peak early and fall (Chen et al., 2023,
arXiv:2302.06675, section 2.3 and Figure 3).
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lionhunt.dsl.program import Program
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.statistics import Interval, interval, paired_difference
from lionhunt.search.storage.run_store import RunStore


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """The best program so far, at a point of a run's progress.

    Attributes:
        progress: share of the run's programs, from 0 to 1.
        index: index of the program in the run.
        fitness: its search fitness.
        program: the program as bred.
    """

    progress: float
    index: int
    fitness: float
    program: Program


@dataclasses.dataclass(frozen=True)
class CheckpointScore:
    """Meta-validation of a checkpoint.

    Attributes:
        progress, index, fitness: values of the checkpoint.
        by_seed: meta-validation fitness, one a seed; empty if training failed with a seed.
        status: status of the first failure, else OK.
    """

    progress: float
    index: int
    fitness: float
    by_seed: tuple[float, ...]
    status: Status

    @property
    def interval(self) -> Interval | None:
        """Return the mean meta-validation fitness with its interval; None if training failed."""
        return interval(self.by_seed) if self.by_seed else None


class Overfitting(NamedTuple):
    """The peak of meta-validation, and its fall after the peak.

    Attributes:
        peak: the point with the best mean, the first of equals; None if no point has one.
        fall: the loss from the peak to the last point, paired by seed; None if training failed.
        is_seen: the fall is larger than its uncertainty, or training failed at the end.
    """

    peak: CheckpointScore | None
    fall: Interval | None
    is_seen: bool

    def __str__(self) -> str:
        if self.peak is None:
            return "no program could be trained"
        at = f"{self.peak.progress:.0%}"
        if not self.is_seen:
            return f"does not overfit (peak at {at})"
        return f"overfits after {at}" if self.peak.progress else "overfits from the start"


def checkpoints(records: RunStore, num_checkpoints: int) -> Iterator[Checkpoint]:
    """Yield the initial program, then the best so far at equal steps of progress."""
    count = records.count()
    for number in range(num_checkpoints + 1):
        row = records.best(max(1, -(-count * number // num_checkpoints)))
        if row is not None:
            individual = row.individual
            progress = number / num_checkpoints
            yield Checkpoint(progress, individual.index, row.fitness_or_neg_inf, row.program)


def find_overfitting(points: Sequence[CheckpointScore]) -> Overfitting:
    """Compare the last point with the best; all points have the same seeds.

    The compared measurements also choose the peak. So a barely visible fall may be the luck of
    the peak.
    """
    trained = [point for point in points if point.by_seed]
    if not trained:
        return Overfitting(None, None, False)
    peak = max(trained, key=lambda point: interval(point.by_seed).mean)
    last = points[-1]
    if not last.by_seed:
        return Overfitting(peak, None, True)
    fall = paired_difference(peak.by_seed, last.by_seed, higher_is_better=True)
    return Overfitting(peak, fall, fall.low > 0)
