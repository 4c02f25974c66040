"""Slopes on log-log axes: the exponent with which a quantity grows."""

import math
import statistics
from collections.abc import Sequence

Point = tuple[float, float]
"""A size, and a quantity there; both are positive."""


def upper_half(points: Sequence[Point]) -> list[Point]:
    """Return the points in the upper half of the range of sizes, as a log axis shows it."""
    if not points:
        return []
    sizes = [size for size, _ in points]
    middle = math.sqrt(min(sizes) * max(sizes))
    # Sizes are rounded, and so may be the one in the middle.
    return [(size, value) for size, value in points if size >= 0.99 * middle]


def fit_slope(points: Sequence[Point]) -> float | None:
    """Fit the exponent of a power law to the upper half of the points, by least squares of logs.

    Returns:
        The exponent, or None if the upper half has fewer than two sizes or a value of 0.

    Example:
        >>> fit_slope([(10, 300), (100, 30_000), (1000, 3_000_000)])
        2.0
    """
    upper = upper_half(points)
    if len({size for size, _ in upper}) < 2 or any(value <= 0 for _, value in upper):
        return None
    logs = [(math.log(size), math.log(value)) for size, value in upper]
    return round(statistics.linear_regression(*zip(*logs, strict=True)).slope, 3)
