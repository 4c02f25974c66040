"""How a run went over its progress: best fitness, cache hits and redundant statements."""

import math
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.search.driver.best_tracker import Fittest
from lionhunt.search.storage.run_store import HistoryBin, RunStore

NUM_POINTS = 100
"""Equal parts of a run's progress."""


class ProgressCurve(NamedTuple):
    """A run in `NUM_POINTS` parts of its progress; values that it does not have are NaN.

    Attributes:
        best_fitness: of the best program up to the end of each part.
        hit_rate: in each part, the share of children whose fingerprint was known.
        redundant_share: in each part, the share of statements that are redundant.
    """

    best_fitness: np.ndarray
    hit_rate: np.ndarray
    redundant_share: np.ndarray


class Spread(NamedTuple):
    """Repeats at every point of their progress.

    Attributes:
        mean: of those that have a value; NaN where none has.
        error: its standard error; NaN of a single one.
    """

    mean: np.ndarray
    error: np.ndarray


def read_curve(records: RunStore) -> ProgressCurve:
    """The curves of a run, from a few numbers of each part: no program is read."""
    parts = {window.number: window for window in records.history_bins(NUM_POINTS)}
    bests = _best_fitness(records, parts)
    curves = []
    for number in range(NUM_POINTS):
        window = parts.get(number)
        hit_rate = redundant_share = math.nan
        if window is not None:
            if window.num_children:
                hit_rate = 1 - window.num_new / window.num_children
            if window.num_statements:
                redundant_share = 1 - window.num_needed / window.num_statements
        curves.append((bests[number], hit_rate, redundant_share))
    return ProgressCurve(*np.array(curves).T)


def _best_fitness(records: RunStore, parts: Mapping[int, HistoryBin]) -> list[float]:
    """That of the best program up to the end of each part; NaN where none has a fitness."""
    if records.is_reevaluated:
        return _latest_fitness(records)
    found = [parts[n].best_fitness if n in parts else None for n in range(NUM_POINTS)]
    return list(np.fmax.accumulate([math.nan if best is None else best for best in found]))


def _latest_fitness(records: RunStore) -> list[float]:
    """The same where programs are evaluated again: the best by what is known of each by then."""
    rows = list(records.iter_outcomes(0))
    fittest, bests, added = Fittest(), [], 0
    for number in range(NUM_POINTS):
        end = -(-len(rows) * (number + 1) // NUM_POINTS)
        for row in rows[added:end]:
            fittest.add(*row)
        added = end
        best = fittest.best
        bests.append(math.nan if best is None else rows[best][-1])
    return bests


def spread(curves: Sequence[np.ndarray]) -> Spread:
    """The mean of curves, and its standard error, point by point.

    Args:
        curves: one at least, of one length.
    """
    stacked = np.array(curves)
    counts = np.isfinite(stacked).sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.nansum(stacked, axis=0) / np.where(counts, counts, np.nan)
        squares = np.nansum((stacked - mean) ** 2, axis=0)
        error = np.sqrt(squares / (counts - 1) / counts)
    return Spread(mean, np.where(counts > 1, error, np.nan))
