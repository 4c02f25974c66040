"""Constants with fewer digits."""

import math
from typing import NamedTuple

from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.float32 import number_text
from lionhunt.dsl.program import Program


class Rounding(NamedTuple):
    """One constant with fewer digits, in all its places.

    Attributes:
        digits: the significant digits that are left.
        before, after: the constant, as text.
        program: the program with the new constant.
    """

    digits: int
    before: str
    after: str
    program: Program


MAX_DIGITS = 9
"""Significant digits that identify any float32."""


def shorten(program: Program) -> Program:
    """Replace each constant by the shortest decimal of its float32."""
    short = {value: float(number_text(value)) for value in constants_of(program)}
    return replace_constants(program, short)


def list_roundings(program: Program, constant: float) -> list[Rounding]:
    """List the roundings of a constant to 1, 2, ... digits, while they change its float32.

    Two numbers of digits may give one rounded number; the list has it once. It has no number that
    is infinite or zero as a float32.

    Args:
        program: a program.
        constant: one of its numbers.
    """
    before = number_text(constant)
    roundings: dict[str, Rounding] = {}
    for digits in range(1, MAX_DIGITS):
        after = number_text(float(f"{constant:.{digits}g}"))
        if after == before:
            break
        if 0 < abs(float(after)) < math.inf and after not in roundings:
            changed = replace_constants(program, {constant: float(after)})
            roundings[after] = Rounding(digits, before, after, changed)
    return list(roundings.values())
