"""Statistics of a few measurements: means, paired differences and their confidence intervals.

All intervals are Student's, at `CONFIDENCE`. The one exception is the interval of a tuned best
point, which `search.paper.claims.best_point_interval` resamples.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

# `scipy.stats` would take half a second to import.
from scipy.special import stdtrit

CONFIDENCE = 0.95

Values = Sequence[float] | np.ndarray


class Interval(NamedTuple):
    """A mean and its confidence interval.

    Attributes:
        mean: mean of the values.
        low, high: ends of the interval; infinite for a single value, which shows no spread.
    """

    mean: float
    low: float
    high: float


def interval(values: Values) -> Interval:
    """Return the mean of independent values with Student's interval, at `CONFIDENCE`.

    Its coverage is exact on normal data. On 5 to 20 skewed values a studentized bootstrap gains 2
    to 3 points. Its intervals are 15 to 70 % wider.

    Returns:
        A width of zero if all values are equal; infinite ends for a single value.

    Raises:
        ValueError: `values` is empty, or a value is not finite.
    """
    array = _finite(values)
    mean = float(array.mean())
    if array.size == 1:
        return Interval(mean, -math.inf, math.inf)
    if array.min() == array.max():
        # The mean of equal values may differ from them in the last bit.
        return Interval(float(array[0]), float(array[0]), float(array[0]))
    half = _half_width(array)
    return Interval(mean, mean - half, mean + half)


def geometric_mean(ratios: Values) -> Interval:
    """Return the geometric mean of independent ratios with its interval, by their logarithms.

    Returns:
        Ends 0 and infinity for a single ratio.

    Raises:
        ValueError: `ratios` is empty, or a ratio is not positive and finite.

    Example:
        >>> geometric_mean([0.5, 2.0]).mean
        1.0
    """
    array = _finite(ratios)
    if array.min() <= 0:
        raise ValueError(f"no geometric mean of {list(ratios)}; give positive values")
    with np.errstate(over="ignore"):
        return Interval(*(float(end) for end in np.exp(interval(np.log(array)))))


def paired_difference(a: Values, b: Values, higher_is_better: bool) -> Interval:
    """Return the mean advantage of `a` over `b`, paired by seed; positive means `a` is better.

    Args:
        a: scores, one a seed.
        b: scores with the same seeds, in the same order.
        higher_is_better: the direction of the scores.

    Raises:
        ValueError: the lengths differ or are 0, or a score is not finite.
    """
    a, b = _pairs(a, b, higher_is_better)
    return interval(a - b)


def probability_of_improvement(a: Values, b: Values, higher_is_better: bool) -> Interval:
    """Return the share of pairs (run of `a`, run of `b`) in which the run of `a` is better.

    A tie counts half, so this is the statistic of Mann and Whitney as a share (Agarwal et al.,
    2021, arXiv:2108.13264). The interval is Student's, over the placements of the seeds (DeLong et
    al., 1988, doi:10.2307/2531595). The placement of a seed is the sum of two shares. One is the
    share of runs of `b` that its run of `a` beats. The other is the share of runs of `a` that beat
    its run of `b`. A seed gives `a` and `b` the same first weights and batches, so the sum keeps
    their common luck.

    In a clean sweep all placements are equal. So the interval is never narrower than that of
    Clopper and Pearson for a win with every seed. With fewer than 6 seeds, it always holds one
    half.

    Args:
        a: scores, one a seed.
        b: scores with the same seeds, in the same order.
        higher_is_better: the direction of the scores.

    Returns:
        Shares between 0 and 1; the ends are 0 and 1 for a single seed.

    Raises:
        ValueError: the lengths differ or are 0, or a score is not finite.
    """
    a, b = _pairs(a, b, higher_is_better)
    wins = (np.sign(a[:, None] - b[None, :]) + 1) / 2
    share = float(wins.mean())
    if a.size == 1:
        return Interval(share, 0.0, 1.0)
    half = _half_width(wins.mean(axis=1) + wins.mean(axis=0))
    sweep = ((1 - CONFIDENCE) / 2) ** (1 / a.size)
    low = max(0.0, min(share - half, sweep))
    high = min(1.0, max(share + half, 1 - sweep))
    return Interval(share, low, high)


def sign(interval: Interval) -> int:
    """Return +1 or -1 where the whole interval is on one side of 0, else 0."""
    return int(interval.low > 0) - int(interval.high < 0)


def _half_width(array: np.ndarray) -> float:
    error = float(array.std(ddof=1) / np.sqrt(array.size))
    return float(stdtrit(array.size - 1, (1 + CONFIDENCE) / 2)) * error


def _finite(values: Values) -> np.ndarray:
    array = np.asarray(values, float)
    if not array.size or not np.isfinite(array).all():
        raise ValueError(f"no interval of {list(values)}; give finite values")
    return array


def _pairs(a: Values, b: Values, higher_is_better: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return both as arrays in which higher is better."""
    if len(a) != len(b):
        raise ValueError(f"{len(a)} scores cannot be paired with {len(b)}; give as many")
    direction = 1 if higher_is_better else -1
    return direction * _finite(a), direction * _finite(b)
