"""Curves of a run over its progress: best fitness, cache hits and redundant statements."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.search.evaluation.ranking import or_neg_inf
from lionhunt.search.storage.history_bin import HistoryBin
from lionhunt.search.storage.run_store import RunStore

NUM_POINTS = 100
"""Number of equal parts of a run's progress."""


class ProgressCurve(NamedTuple):
    """A run in `NUM_POINTS` parts of its progress; missing values are NaN.

    Attributes:
        best_fitness: best fitness up to the end of each part.
        hit_rate: share of children with a known fingerprint in each part.
        redundant_share: share of redundant statements in each part.
    """

    best_fitness: np.ndarray
    hit_rate: np.ndarray
    redundant_share: np.ndarray


class Spread(NamedTuple):
    """Mean of repeats at every point of their progress.

    Attributes:
        mean: over the repeats with a value; NaN if there is none.
        error: standard error of the mean; NaN for a single repeat.
    """

    mean: np.ndarray
    error: np.ndarray


def read_curve(records: RunStore) -> ProgressCurve:
    """Read the curves of a run, from a few sums per part and without reading programs."""
    bins = {history_bin.number: history_bin for history_bin in records.history_bins(NUM_POINTS)}
    bests = _best_fitness(bins)
    curves = []
    for number in range(NUM_POINTS):
        part = bins.get(number)
        hit_rate = redundant_share = math.nan
        if part is not None:
            if part.num_children:
                hit_rate = 1 - part.num_new / part.num_children
            if part.num_statements:
                redundant_share = 1 - part.num_needed / part.num_statements
        curves.append((bests[number], hit_rate, redundant_share))
    return ProgressCurve(*np.array(curves).T)


def _best_fitness(bins: Mapping[int, HistoryBin]) -> list[float]:
    """Return the fitness of the best by rank, at each part's end; NaN while none has one."""
    bests, best_rank, best = [], -math.inf, math.nan
    for number in range(NUM_POINTS):
        part = bins.get(number)
        if part is not None and part.best_fitness is not None:
            if (rank := or_neg_inf(part.best_rank)) > best_rank:
                best_rank, best = rank, part.best_fitness
        bests.append(best)
    return bests


def spread(curves: Sequence[np.ndarray]) -> Spread:
    """Return the mean of curves and its standard error, point by point.

    Args:
        curves: at least one; all of one length.
    """
    stacked = np.array(curves)
    counts = np.isfinite(stacked).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(stacked, axis=0) / np.where(counts, counts, np.nan)
        squares = np.nansum((stacked - mean) ** 2, axis=0)
        error = np.sqrt(squares / (counts - 1) / counts)
    return Spread(mean, np.where(counts > 1, error, np.nan))
