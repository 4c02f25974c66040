"""How well tuning knows a best point: which one it would have been with other seeds."""

import itertools
from collections.abc import Sequence

import numpy as np

from lionhunt.search.comparison.result import GridTrial, Tuned
from lionhunt.search.statistics import CONFIDENCE, Interval

MAX_RESAMPLES = 10_000
"""If there are more ways to draw seeds, so many of them are drawn."""


def factor_between(over: Tuned, under: Tuned, what: str, *, higher_is_better: bool) -> Interval:
    """The best value of one optimizer over that of another, by a bootstrap over tuning seeds.

    Seeds are resampled with the trials of both, which have them in common, and the best points are
    looked up again. Where points tie, the interval has room for every one of them. With few seeds
    it is wide: one of 27 resamples of three seeds has the first seed alone.

    Args:
        over, under: the two, tuned with the same seeds; both have a best point.
        what: the coordinate, "learning_rate" or "weight_decay".
        higher_is_better: the direction of scores.

    Returns:
        The factor, and the ends at `CONFIDENCE`.
    """
    counts = _resamples(max(len(trial.scores) for trial in (*over.trials, *under.trials)))
    least_over, most_over = _best_values(over.trials, what, counts, higher_is_better)
    least_under, most_under = _best_values(under.trials, what, counts, higher_is_better)
    tail = (1 - CONFIDENCE) / 2
    return Interval(
        getattr(over.best, what) / getattr(under.best, what),
        float(np.quantile(least_over / most_under, tail, method="lower")),
        float(np.quantile(most_over / least_under, 1 - tail, method="higher")),
    )


def _resamples(num_seeds: int) -> np.ndarray:
    """How often each resample has each seed; shape=(resamples, seeds)."""
    if num_seeds**num_seeds <= MAX_RESAMPLES:
        picks = np.array(list(itertools.product(range(num_seeds), repeat=num_seeds)))
    else:
        shape = (MAX_RESAMPLES, num_seeds)
        picks = np.random.default_rng(0).integers(num_seeds, size=shape)
    return np.stack([(picks == seed).sum(1) for seed in range(num_seeds)], 1)


def _best_values(
    trials: Sequence[GridTrial], what: str, counts: np.ndarray, higher_is_better: bool
) -> np.ndarray:
    """The least and the largest value among the best points of each resample; shape=(2, n)."""
    trained = [trial for trial in trials if trial.scores]
    values = np.array([getattr(trial.point, what) for trial in trained])
    scores = np.array([trial.scores for trial in trained])  # (trials, seeds)
    totals = (scores if higher_is_better else -scores) @ counts.T
    is_best = np.isclose(totals, totals.max(0), rtol=1e-9, atol=0)
    least = np.where(is_best, values[:, None], np.inf).min(0)
    most = np.where(is_best, values[:, None], -np.inf).max(0)
    return np.stack([least, most])
