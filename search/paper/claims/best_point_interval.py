"""Uncertainty of a tuned best point under other tuning seeds."""

import itertools
from collections.abc import Sequence

import numpy as np

from lionhunt.search.comparison.result import GridTrial, Tuned
from lionhunt.search.statistics import CONFIDENCE, Interval

MAX_RESAMPLES = 10_000
"""Maximum number of resamples. Resamples are drawn where an enumeration would exceed it."""


def factor_between(
    over: Tuned, under: Tuned, coordinate: str, *, higher_is_better: bool
) -> Interval:
    """Divide the best value of one optimizer by that of another, by a bootstrap over tuning seeds.

    A resample takes the same seeds for the trials of both and looks up the best points again. Where
    points tie, the interval covers all of them. With few seeds it is wide: one of 27 resamples of
    three seeds holds the first seed alone.

    Args:
        over, under: tuned with the same seeds; both have a best point.
        coordinate: "learning_rate" or "weight_decay".
        higher_is_better: direction of the scores.

    Returns:
        The factor and its interval at `CONFIDENCE`.
    """
    counts = _seed_counts(max(len(trial.scores) for trial in (*over.trials, *under.trials)))
    least_over, most_over = _best_values(over.trials, coordinate, counts, higher_is_better)
    least_under, most_under = _best_values(under.trials, coordinate, counts, higher_is_better)
    tail = (1 - CONFIDENCE) / 2
    return Interval(
        getattr(over.best, coordinate) / getattr(under.best, coordinate),
        float(np.quantile(least_over / most_under, tail, method="lower")),
        float(np.quantile(most_over / least_under, 1 - tail, method="higher")),
    )


def _seed_counts(num_seeds: int) -> np.ndarray:
    """Return how often each resample holds each seed; shape=(resamples, seeds)."""
    if num_seeds**num_seeds <= MAX_RESAMPLES:
        picks = np.array(list(itertools.product(range(num_seeds), repeat=num_seeds)))
    else:
        shape = (MAX_RESAMPLES, num_seeds)
        picks = np.random.default_rng(0).integers(num_seeds, size=shape)
    return np.stack([(picks == seed).sum(1) for seed in range(num_seeds)], 1)


def _best_values(
    trials: Sequence[GridTrial], coordinate: str, counts: np.ndarray, higher_is_better: bool
) -> np.ndarray:
    """Return the least and the largest best value in each resample; shape=(2, resamples)."""
    trained = [trial for trial in trials if trial.scores]
    values = np.array([getattr(trial.point, coordinate) for trial in trained])
    # shape=(trials, seeds)
    scores = np.array([trial.scores for trial in trained])
    totals = (scores if higher_is_better else -scores) @ counts.T
    is_best = np.isclose(totals, totals.max(0), rtol=1e-9, atol=0)
    least = np.where(is_best, values[:, None], np.inf).min(0)
    most = np.where(is_best, values[:, None], -np.inf).max(0)
    return np.stack([least, most])
