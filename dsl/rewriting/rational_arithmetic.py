"""Functions of numbers: exact where they are rational, otherwise computed in float32."""

import math
from collections.abc import Callable
from fractions import Fraction

from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.float32 import to_float32
from lionhunt.dsl.ops import EPS
from lionhunt.dsl.rewriting.terms import exact

MAX_BITS = 256
"""Limit on the bits of a numerator or denominator; longer numbers are not computed."""

_LEAST, _LARGEST = Fraction(2) ** -126, Fraction(2) ** 127
_EPS = Fraction(repr(EPS))


def absorbs_guard(value: Fraction) -> bool:
    """Return True if adding the guard of a division, 1e-8, leaves the number's float32 as it is."""
    rounded = to_float32(float(value))
    return rounded != 0 and to_float32(rounded + EPS) == rounded


def divisor(value: Fraction) -> Fraction:
    """Return the divisor that the interpreter uses for a number: guarded where that matters."""
    return value if absorbs_guard(value) else value + _EPS


RATIONAL: dict[str, Callable[..., Fraction]] = {
    "abs": lambda x: abs(x),
    "add": lambda x, y: x + y,
    "cube": lambda x: x * x * x,
    "divide": lambda x, y: x / divisor(y),
    "interp": lambda x, y, a: (1 - a) * x + a * y,
    "max": lambda x, y: max(x, y),
    "min": lambda x, y: min(x, y),
    "multiply": lambda x, y: x * y,
    "negative": lambda x: -x,
    "reciprocal": lambda x: 1 / x,
    "sign": lambda x: Fraction((x > 0) - (x < 0)),
    "square": lambda x: x * x,
    "subtract": lambda x, y: x - y,
}
"""The functions whose values at numbers are computed exactly."""


def compute(op: str, *values: Fraction) -> Fraction | None:
    """Return the exact value of a rational function.

    None stands for a division by 0, a value outside the range of float32, or too many bits.
    """
    if any(not _is_short(value) for value in values):
        return None
    try:
        result = RATIONAL[op](*values)
    except ZeroDivisionError:
        return None
    return result if _is_short(result) and (not result or _fits(result)) else None


def compute_as_machine(op: str, *values: Fraction) -> Fraction | None:
    """Return the float32 value of any function, or None if it is infinite, NaN or -0.0."""
    result = fold(op, *map(float, values))
    if not math.isfinite(result) or (result == 0 and math.copysign(1, result) < 0):
        return None
    return exact(result)


def _is_short(value: Fraction) -> bool:
    return max(value.numerator.bit_length(), value.denominator.bit_length()) <= MAX_BITS


def _fits(value: Fraction) -> bool:
    return _LEAST <= abs(value) <= _LARGEST
