"""Scores of one program or optimizer with several seeds, and the choice of the best."""

import math
import statistics
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from lionhunt.search.evaluation.outcome import Status


class SeedScores(NamedTuple):
    """Scores with several seeds.

    Attributes:
        by_seed: one score a seed; empty if training failed with a seed.
        status: status of the first failure, else OK.
    """

    by_seed: tuple[float, ...]
    status: Status

    @property
    def mean(self) -> float | None:
        """Return the mean score; None if training failed."""
        return statistics.fmean(self.by_seed) if self.by_seed else None

    @property
    def mean_or_neg_inf(self) -> float:
        """Return the mean score, or minus infinity if training failed."""
        return statistics.fmean(self.by_seed) if self.by_seed else -math.inf


def gather_scores(results: Iterable[tuple[Status, float | None]]) -> SeedScores:
    """Return the scores of one program, given its status and score with each seed.

    A seed without a score makes the whole program a failure.
    """
    scores = []
    for status, score in results:
        if score is None:
            return SeedScores((), status)
        scores.append(score)
    return SeedScores(tuple(scores), Status.OK)


def best_index(values: Sequence[float]) -> int | None:
    """Return the index of the highest value, the first of equals.

    Returns:
        None if there is no value above minus infinity, which stands for a failed training.
    """
    best = max(range(len(values)), key=values.__getitem__, default=None)
    return None if best is None or values[best] == -math.inf else best
