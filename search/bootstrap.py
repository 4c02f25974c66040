"""What a few runs say: means, paired differences, and how often a run of one is better."""

import functools
import math
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr, stdtrit  # `scipy.stats` takes half a second to import

from lionhunt.search.statistics import CONFIDENCE, Interval

NUM_RESAMPLES = 10_000

Values = Sequence[float] | np.ndarray


def bootstrap_mean(values: Values) -> Interval:
    """The mean of independent values with a studentized bootstrap interval, at `CONFIDENCE`.

    Symmetric (Hall, 1988): the half width is a quantile of |t| over resamples, times the standard
    error. Each resampled value gets normal noise of one standard error (Hesterberg, 2015,
    arXiv:1411.5279), which gives resamples the variance that the values estimate, and spares those
    of one value repeated a division by zero. BCa and percentile intervals are too narrow for a few
    seeds: of 10 normal values, 90 in 100 hold the mean, and 96 of these (results/LOG.md). The
    generator is fixed, and the order of the values has no effect.

    Returns:
        A width of zero if all values are equal; infinite ends for a single value.

    Raises:
        ValueError: there are none, or one is not finite.
    """
    array = np.sort(_finite(values))
    num_values, mean = array.size, float(array.mean())
    if num_values == 1:
        return Interval(mean, -np.inf, np.inf)
    if array[0] == array[-1]:
        return Interval(float(array[0]), float(array[0]), float(array[0]))
    scale = np.abs(array - mean).max()  # squares of smaller numbers could vanish
    centered = (array - mean) / scale
    error = centered.std(ddof=1) / np.sqrt(num_values)
    picks, noise = _resamples(num_values)
    resampled = centered[picks] + error * noise
    errors = resampled.std(axis=1, ddof=1) / np.sqrt(num_values)
    half = float(np.quantile(np.abs(resampled.mean(axis=1)) / errors, CONFIDENCE) * error * scale)
    return Interval(mean, mean - half, mean + half)


def paired_difference(mine: Values, theirs: Values, higher_is_better: bool) -> Interval:
    """By how much `mine` is better in the mean, paired by seed; positive means better.

    Args:
        mine: scores, one a seed.
        theirs: scores with the same seeds, in the same order.
        higher_is_better: the direction of the scores.

    Raises:
        ValueError: as many scores are not there for both, there are none, or one is not finite.
    """
    ours, others = _pairs(mine, theirs, higher_is_better)
    return bootstrap_mean(ours - others)


def probability_of_improvement(mine: Values, theirs: Values, higher_is_better: bool) -> Interval:
    """How often a run of `mine` is better than a run of `theirs`, over all pairs of runs.

    Ties count half, so it is the statistic of Mann and Whitney as a share (Agarwal et al., 2021,
    arXiv:2108.13264). Seeds are resampled, each with the runs of both: a seed gives
    both the same first weights and the same batches, so their scores go up and down together, and
    resampling them apart would count that as noise. Percentiles are taken at Student's level
    (Hesterberg, 2015, arXiv:1411.5279), since plain ones are too narrow for a few seeds.

    A bootstrap cannot see past a clean sweep, all resamples of which are clean sweeps. So no end
    claims more than Clopper and Pearson's does of as many wins as there are seeds: with fewer
    than 6 seeds, the interval always holds one half.

    Args:
        mine: scores, one a seed.
        theirs: scores with the same seeds, in the same order.
        higher_is_better: the direction of the scores.

    Returns:
        Of shares between 0 and 1; all of them for a single seed.

    Raises:
        ValueError: as many scores are not there for both, there are none, or one is not finite.
    """
    ours, others = _pairs(mine, theirs, higher_is_better)
    wins = (np.sign(ours[:, None] - others[None, :]) + 1) / 2
    num_seeds, mean = ours.size, float(wins.mean())
    if num_seeds == 1:
        return Interval(mean, 0.0, 1.0)
    picks, _ = _resamples(num_seeds)
    counts = np.stack([(picks == i).sum(1) for i in range(num_seeds)], 1) / num_seeds
    shares = np.einsum("ri,ij,rj->r", counts, wins, counts, optimize=True)
    tail = (1 - CONFIDENCE) / 2
    student = math.sqrt(num_seeds / (num_seeds - 1)) * stdtrit(num_seeds - 1, tail)
    low, high = np.quantile(shares, [ndtr(student), ndtr(-student)])
    sweep = tail ** (1 / num_seeds)
    return Interval(mean, min(float(low), sweep), max(float(high), 1 - sweep))


def sign(interval: Interval) -> int:
    """+1 or -1 where all of an interval is on one side of 0, else 0."""
    return int(interval.low > 0) - int(interval.high < 0)


@functools.cache
def _resamples(num_values: int) -> tuple[np.ndarray, np.ndarray]:
    """Which values each resample takes, and its noise; the same at every call.

    Returns:
        Two arrays of shape (`NUM_RESAMPLES`, num_values). The second half mirrors the first, so
        that the interval of negative values is exactly the negative interval.
    """
    rng = np.random.default_rng(0)
    shape = (NUM_RESAMPLES // 2, num_values)
    picks, noise = rng.integers(num_values, size=shape), rng.standard_normal(shape)
    return np.concatenate([picks, num_values - 1 - picks]), np.concatenate([noise, -noise])


def _finite(values: Values) -> np.ndarray:
    array = np.asarray(values, float)
    if not array.size or not np.isfinite(array).all():
        raise ValueError(f"no statistics of {list(values)}")
    return array


def _pairs(mine: Values, theirs: Values, higher_is_better: bool) -> tuple[np.ndarray, np.ndarray]:
    """Both as arrays in which higher is better."""
    if len(mine) != len(theirs):
        raise ValueError(f"{len(mine)} scores cannot be paired with {len(theirs)}")
    direction = 1 if higher_is_better else -1
    return direction * _finite(mine), direction * _finite(theirs)
