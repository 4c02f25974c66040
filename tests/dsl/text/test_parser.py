"""Parsing and printing: the flat form is exact, and expressions are flattened."""

import numpy as np
import pytest
from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Const, Statement, Var, to_line
from lionhunt.dsl.text.parser import parse
from tests.support.dsl.program_texts import body
from tests.support.dsl.programs import programs


def flat(*lines: str, returns: str = "u, m") -> str:
    """Return the flat form of a program of those lines."""
    return str(parse(body(*lines, f"return {returns}")))


@given(programs(ops=tuple(OPS)))
def test_printed_program_reads_as_itself(program):
    again = parse(str(program))
    assert again == program
    # Equality does not tell 0.0 from -0.0.
    assert repr(again) == repr(program)


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["u = sign(g + m * lr)"], ["t1 = m * lr", "t2 = g + t1", "u = sign(t2)"]),
        (["u = -g"], ["u = negative(g)"]),
        (["u = g - -m"], ["t1 = negative(m)", "u = g - t1"]),
        (["u = g * -2"], ["u = g * -2.0"]),
        (["u = g * --2"], ["u = g * 2.0"]),
        (["u = g + -0.0"], ["u = g + -0.0"]),
        (["u = g - m - w"], ["t1 = g - m", "u = t1 - w"]),
        (["u = g - (m - w)"], ["t1 = m - w", "u = g - t1"]),
        (["u = g / m * w"], ["t1 = g / m", "u = t1 * w"]),
        (["u = g"], ["u = g * 1.0"]),
        (["u = 0.5"], ["u = 0.5 * 1.0"]),
        (["u = -2"], ["u = -2.0 * 1.0"]),
        (["u = abs(0.1)"], ["u = abs(0.1)"]),
        (["u = get_pi()"], ["u = get_pi()"]),
        (["t1 = abs(g)", "u = sign(t1 + g)"], ["t1 = abs(g)", "t2 = t1 + g", "u = sign(t2)"]),
        (["u = minimum(g, m)"], ["u = min(g, m)"]),
        (["u = interpolate(g, m, 1)"], ["u = interp(g, m, 1.0)"]),
        (["u = add(g, m)"], ["u = g + m"]),
        (["u = g * 1e-45"], ["u = g * 1e-45"]),
        (["u = g * 1_0.5e0"], ["u = g * 10.5"]),
        (["# first", "", "u = abs(g)  # last"], ["u = abs(g)"]),
        (['"""Says."""', "u = abs(g)"], ["u = abs(g)"]),
        (["u = (", "    g", "  + m)"], ["u = g + m"]),
        (["u = abs(g); u = sign(u)"], ["u = abs(g)", "u = sign(u)"]),
    ],
    ids=lambda lines: "; ".join(lines),
)
def test_text_is_flattened_to_one_function_a_statement(written, meant):
    assert flat(*written) == body(*meant, "return u, m").strip()


def test_outputs_may_be_expressions_and_numbers():
    program = parse(body("return sign(g) * lr, 0"))
    assert str(program) == body("t1 = sign(g)", "t2 = t1 * lr", "return t2, 0.0").strip()


@pytest.mark.parametrize(
    ("values", "meant"),
    [
        ("(u, m)", "u, m"),
        ("(u, m,)", "u, m"),
        ("(\n    u,\n    m\n  )", "u, m"),
        ("(u + m) * lr, (m)", "(u + m) * lr, m"),
        ("(u) - (m), m", "u - m, m"),
        ("((u + m) * lr, m)", "(u + m) * lr, m"),
    ],
)
def test_values_may_be_a_tuple_in_parentheses(values, meant):
    assert flat("u = abs(g)", returns=values) == flat("u = abs(g)", returns=meant)


@pytest.mark.parametrize(
    "typed",
    [
        "def f(w: jnp.ndarray, g: 'Tree', m: dict[str, tuple[int, ...]], lr: float | None):",
        "def f(w: Callable[[Tree], Tree], g, m, lr: float) -> tuple[Tree, tuple[Tree, ...]]:",
    ],
)
def test_types_are_read_over(typed):
    program = parse(f"{typed}\n  u: Tree = g * lr\n  return (u, m)")
    assert program == parse("def f(w, g, m, lr):\n  u = g * lr\n  return u, m")


def test_temporaries_avoid_names_that_come_later():
    assert flat("u = sign(g + m)", "t1 = abs(u)").count("t1") == 1


def test_module_docstring_and_any_function_name_are_taken():
    assert parse('"""A file."""\ndef lion(w, g, lr):\n  return g').inputs == ("w", "g", "lr")


def test_windows_line_ends_are_taken():
    assert parse(body("u = abs(g)", "return u, m").replace("\n", "\r\n")).statements == (
        Statement("u", "abs", (Var("g"),)),
    )


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf"), 3.5e38])
def test_constant_that_float32_cannot_hold_is_refused(value):
    with pytest.raises(ValueError, match="is not a finite float32"):
        Const(value)


@pytest.mark.parametrize("value", [np.float32(0.5), np.float64(0.5)])
def test_constant_of_numpy_prints_as_a_number(value):
    statement = Statement("u", "abs", (Const(value),))
    assert to_line(statement) == "u = abs(0.5)"


def test_public_names_are_there():
    assert all(hasattr(dsl, name) for name in dsl.__all__)
