"""Meta-overfitting: whether what search finds better is better elsewhere.

Chen et al., 2023 (arXiv:2302.06675), section 2.3 and Figure 3: search fitness grows while the
metric of larger tasks, meta-validation, may peak early and fall.
"""

import dataclasses
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from lionhunt.dsl.program import Program
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.statistics import Interval, interval
from lionhunt.search.storage.run_store import RunStore


@dataclasses.dataclass(frozen=True)
class Checkpoint:
    """The best program so far, at a point of a run's progress.

    Attributes:
        progress: share of the run's programs, from 0 to 1.
        index: of the program in the run.
        fitness: its search fitness.
        program: as bred.
    """

    progress: float
    index: int
    fitness: float
    program: Program


@dataclasses.dataclass(frozen=True)
class CheckpointScore:
    """What meta-validation saw at a checkpoint.

    Attributes:
        progress, index, fitness: of the checkpoint.
        by_seed: meta-validation fitness with each seed; empty if training failed with one.
        reason: of the failure.
    """

    progress: float
    index: int
    fitness: float
    by_seed: tuple[float, ...]
    status: Status

    @property
    def interval(self) -> Interval | None:
        """Mean meta-validation fitness with its interval; None if training failed."""
        return interval(self.by_seed) if self.by_seed else None


class Overfitting(NamedTuple):
    """Where meta-validation peaked, and whether it fell after that.

    Attributes:
        peak: the point with the best mean, the first of equals; None if no point has one.
        fall: how much lower the last point is, paired by seed; None if training failed there.
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
    """The initial program, then the best so far at so many equal steps of progress."""
    count = records.count()
    for number in range(num_checkpoints + 1):
        row = records.best(max(1, -(-count * number // num_checkpoints)))
        if row is not None:
            individual = row.individual
            progress = number / num_checkpoints
            yield Checkpoint(progress, individual.index, row.fitness_or_neg_inf, individual.program)


def find_overfitting(points: Sequence[CheckpointScore]) -> Overfitting:
    """Compares the last point with the best; all points have the same seeds.

    The peak is chosen by the very measurements that are compared: a fall that is barely seen may
    be the luck of the peak.
    """
    trained = [point for point in points if point.by_seed]
    if not trained:
        return Overfitting(None, None, False)
    peak = max(trained, key=lambda point: interval(point.by_seed).mean)
    last = points[-1]
    if not last.by_seed:
        return Overfitting(peak, None, True)
    fall = interval([a - b for a, b in zip(peak.by_seed, last.by_seed, strict=True)])
    return Overfitting(peak, fall, fall.low > 0)
