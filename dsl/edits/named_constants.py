"""Other values of the constants that a program's docstring names, and axes to search them on."""

import math
from collections.abc import Mapping, Sequence

from lionhunt.dsl.edits.constants import replace_constants
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import NamedConstant

_LEAST, _MOST = -80.0, 15.0
"""Bounds of an axis; float32 has no numbers that are closer to 0 or to 1."""


def replace_named(
    program: Program, constants: Sequence[NamedConstant], values: Mapping[str, float]
) -> Program:
    """Return a program with other values of its named constants."""
    # If two names have one number, the first name counts.
    return replace_constants(program, {c.value: values[c.name] for c in reversed(constants)})


def to_axis(default: float, value: float) -> float:
    """Return the place of a constant on its axis, without bounds.

    The axis of a share is log(x / (1 - x)), that of another positive number its logarithm.

    Args:
        default: documented value, which decides on the axis.
        value: value on the same side of 0, and of 1 for a share.
    """
    if default <= 0:
        return value
    return math.log(value) - (math.log1p(-value) if default < 1 else 0.0)


def from_axis(default: float, x: float) -> float:
    """Return the constant at a place of its axis; see `to_axis`."""
    if default <= 0:
        return x
    x = min(max(x, _LEAST), _MOST)
    return 1 / (1 + math.exp(-x)) if default < 1 else math.exp(x)


def is_on_axis(default: float, value: float) -> bool:
    """Return True if a value has a place on the axis of a constant."""
    return default <= 0 or 0 < value < (1 if default < 1 else math.inf)
