"""The constants of a program with fewer digits."""

from typing import NamedTuple

from dsl.edit import replace_argument
from dsl.export.values import number_text
from dsl.program import Const, Program


class Rounding(NamedTuple):
    """One constant with fewer digits.

    Attributes:
        place: number of the statement, and of its argument.
        digits: significant digits that are left.
        before, after: the constant, as text.
        program: with the new constant.
    """

    place: tuple[int, int]
    digits: int
    before: str
    after: str
    program: Program


def constant_places(program: Program) -> list[tuple[int, int]]:
    """Where a program has constants: numbers of the statement and of its argument."""
    return [
        (index, position)
        for index, statement in enumerate(program.statements)
        for position, arg in enumerate(statement.args)
        if isinstance(arg, Const)
    ]


def roundings(program: Program, place: tuple[int, int]) -> list[Rounding]:
    """One constant with 1, 2, ... significant digits, as long as that changes it as a float32.

    What rounds to a number that was met with fewer digits is there once.
    """
    index, position = place
    constant = program.statements[index].args[position]
    assert isinstance(constant, Const)
    before = number_text(constant.value)
    found: dict[str, Rounding] = {}
    for digits in range(1, 9):  # a float32 has at most nine
        after = number_text(float(f"{constant.value:.{digits}g}"))
        if after == before:
            break
        changed = replace_argument(program, index, position, Const(float(after)))
        found.setdefault(after, Rounding(place, digits, before, after, changed))
    return list(found.values())


def shortest_constants(program: Program) -> Program:
    """The program with every constant of its statements as short as its float32 allows."""
    for index, position in constant_places(program):
        constant = program.statements[index].args[position]
        assert isinstance(constant, Const)
        shortest = Const(float(number_text(constant.value)))
        program = replace_argument(program, index, position, shortest)
    return program
