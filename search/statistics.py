"""What paired measurements say: a mean difference, and how far it can be believed."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from scipy.special import stdtrit  # `scipy.stats` takes half a second to import

CONFIDENCE = 0.95


class Interval(NamedTuple):
    """A mean and its confidence interval.

    Attributes:
        mean: of the values.
        low, high: the ends of the interval; infinite for a single value, of which nothing is known.
    """

    mean: float
    low: float
    high: float


def interval(values: Sequence[float]) -> Interval:
    """The mean of independent values with Student's interval, at `CONFIDENCE`.

    Raises:
        ValueError: there are none, or one is not finite.
    """
    array = np.asarray(values, float)
    if not array.size or not np.isfinite(array).all():
        raise ValueError(f"no interval of {list(values)}")
    mean = float(array.mean())
    if array.size == 1:
        return Interval(mean, -np.inf, np.inf)
    error = float(array.std(ddof=1) / np.sqrt(array.size))
    half = float(stdtrit(array.size - 1, (1 + CONFIDENCE) / 2)) * error
    return Interval(mean, mean - half, mean + half)
