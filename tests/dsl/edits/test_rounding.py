"""Constants with fewer digits: laws over random programs, and the ends of float32."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.edits.constants import constants_of, replace_constants
from lionhunt.dsl.edits.rounding import list_roundings, shorten
from lionhunt.dsl.program import Const, Program
from tests.support.dsl.programs import programs

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False).filter(bool)


def numbers(program: Program) -> list[float]:
    """Return every number of a program, by place."""
    args = [arg for statement in program.statements for arg in statement.args]
    return [arg.value for arg in (*args, *program.outputs) if isinstance(arg, Const)]


def scaled(constant: float) -> Program:
    return Program(("w", "g", "lr"), (), (Const(constant),))


def num_digits(text: str) -> int:
    """Count significant digits with the decimal module."""
    return len(Decimal(text).normalize().as_tuple().digits)


@given(programs(max_statements=6))
def test_each_changes_one_constant_in_all_its_places(program):
    for constant in constants_of(program):
        for rounding in list_roundings(program, constant):
            new = float(rounding.after)
            expected = [new if number == constant else number for number in numbers(program)]
            assert numbers(rounding.program) == expected
            assert np.float32(new) != np.float32(constant)
            assert replace_constants(rounding.program, {new: constant}) == replace_constants(
                program, {new: constant}
            )


@given(FLOATS)
def test_digits_grow_and_stay_fewer_than_before(constant):
    roundings = list_roundings(scaled(constant), constant)
    assert [r.digits for r in roundings] == sorted({r.digits for r in roundings})
    for rounding in roundings:
        assert rounding.before == roundings[0].before
        assert num_digits(rounding.after) <= rounding.digits < num_digits(rounding.before)
        # The error is at most half a unit in the last digit that is left.
        unit = Decimal(1).scaleb(Decimal(constant).adjusted() + 1 - rounding.digits)
        error = abs(Decimal(rounding.after) - Decimal(constant))
        assert error <= unit / 2 + abs(Decimal(constant)) * Decimal(2) ** -24
    assert len({rounding.after for rounding in roundings}) == len(roundings)


@given(FLOATS)
def test_the_shortest_decimal_is_the_same_float32(constant):
    (short,) = numbers(shorten(scaled(constant)))
    # Subnormals are zeros on the machine.
    expected = constant if abs(constant) >= np.finfo(np.float32).tiny else 0.0
    assert np.float32(short) == np.float32(expected)
    assert len(repr(short)) <= len(repr(constant))


@given(programs())
def test_shorter_numbers_are_the_same_program(program):
    short = shorten(program)
    assert dsl.fingerprint(short) == dsl.fingerprint(program)
    assert shorten(short) == short
    assert [s.op for s in short.statements] == [s.op for s in program.statements]


@pytest.mark.parametrize(
    "constant, texts",
    [
        (0.00021717617, ["0.0002", "0.00022", "0.000217", "0.0002172", "0.00021718"]),
        (0.998, ["1.0"]),
        (-0.46019784, ["-0.5", "-0.46", "-0.4602", "-0.460198"]),
        (0.8999999761581421, []),
        (1.0, []),
        (1e10, []),
        # It is 0 on the machine.
        (1.4e-45, []),
        # 1e-38 would be 0.
        (1.1754944e-38, ["1.2e-38", "1.18e-38", "1.1755e-38"]),
        # 3.403e38 is too large.
        (3.4028235e38, ["3e38", "3.4e38", "3.4028e38", "3.40282e38"]),
        (3e38, []),
    ],
)
def test_roundings_of_a_constant(constant, texts):
    values = [float(rounding.after) for rounding in list_roundings(scaled(constant), constant)]
    assert values[: len(texts)] == [float(text) for text in texts]
    assert bool(values) == bool(texts)


def test_equal_numbers_are_rounded_together():
    adamw = dsl.library.load("adamw")
    places = numbers(adamw).count(0.999)
    assert places == 2
    rounding = list_roundings(adamw, 0.999)[0]
    assert (rounding.digits, rounding.after) == (1, "1.0")
    assert 0.999 not in numbers(rounding.program)


def test_numbers_of_outputs_are_constants_and_zeros_are_none():
    program = dsl.parse("def f(w, g, m, lr):\n  u = g - -0.0\n  u = u - 0.0\n  return u, 0.25")
    assert constants_of(program) == (0.25,)
    assert str(list_roundings(program, 0.25)[0].program).endswith("return u, 0.2")
    assert "g - -0.0" in str(shorten(program))
