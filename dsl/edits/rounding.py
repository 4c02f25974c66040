"""The constants of a program with fewer digits."""

import math
from typing import NamedTuple

from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.float32 import number_text
from lionhunt.dsl.program import Program


class Rounding(NamedTuple):
    """One constant with fewer digits, in all its places.

    Attributes:
        digits: significant digits that are left.
        before, after: the constant, as text.
        program: with the new constant.
    """

    digits: int
    before: str
    after: str
    program: Program


MAX_DIGITS = 9
"""Significant digits that tell any float32 from all others."""


def shorten(program: Program) -> Program:
    """The program with each constant as the shortest decimal that is the same float32."""
    short = {value: float(number_text(value)) for value in constants_of(program)}
    return replace_constants(program, short)


def roundings(program: Program, constant: float) -> list[Rounding]:
    """One constant with 1, 2, ... significant digits, as long as that changes it as a float32.

    What rounds to a number that was met with fewer digits is there once; what float32 cannot hold,
    or takes for 0, is not there.

    Args:
        program: a program.
        constant: one of its numbers.
    """
    before = number_text(constant)
    found: dict[str, Rounding] = {}
    for digits in range(1, MAX_DIGITS):
        after = number_text(float(f"{constant:.{digits}g}"))
        if after == before:
            break
        if 0 < abs(float(after)) < math.inf and after not in found:
            changed = replace_constants(program, {constant: float(after)})
            found[after] = Rounding(digits, before, after, changed)
    return list(found.values())
