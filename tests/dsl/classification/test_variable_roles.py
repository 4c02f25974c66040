"""Variables get names by role, and the program stays the same."""

import re

import pytest
from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.classification.variable_roles import name_by_role
from tests.support.dsl.programs import programs


def _scrambled(name: str) -> dsl.Program:
    """Return a library program with variables a0, b1, c2, ..., each assigned once."""
    program = library.load(name)
    names = {old: f"{chr(97 + i % 26)}{i}" for i, old in enumerate(program.inputs)}
    inputs = tuple(names.values())
    statements = []

    def read(args):
        return tuple(dsl.Var(names[a.name]) if isinstance(a, dsl.Var) else a for a in args)

    for i, statement in enumerate(program.statements):
        args = read(statement.args)
        names[statement.target] = f"t{i + 17}"
        statements.append(dsl.Statement(names[statement.target], statement.op, args))
    return dsl.Program(inputs, tuple(statements), read(program.outputs))


def test_lion_comes_back_as_the_library_writes_it():
    assert name_by_role(_scrambled("lion")) == library.load("lion")


NAMED = {
    "adamw_initial": """def train(weight, gradient, momentum, second_moment, lr):
  squared_gradient = square(gradient)
  momentum = interp(gradient, momentum, 0.9)
  second_moment = interp(squared_gradient, second_moment, 0.999)
  sqrt_second_moment = sqrt(second_moment)
  update = momentum / sqrt_second_moment
  weight_decay = weight * 0.01
  update = update + weight_decay
  lr = lr * 0.001
  update = update * lr
  return update, momentum, second_moment""",
    "momentum": """def train(weight, gradient, momentum, lr):
  scaled_momentum = momentum * 0.9
  momentum = scaled_momentum + gradient
  update = momentum * lr
  return update, momentum""",
    "adabelief_like": """def train(weight, gradient, momentum, second_moment, lr):
  momentum = interp(momentum, gradient, 0.1)
  difference = gradient - momentum
  squared_difference = square(difference)
  second_moment = interp(second_moment, squared_difference, 0.001)
  sqrt_second_moment = sqrt(second_moment)
  update = momentum / sqrt_second_moment
  weight_decay = weight * 0.0238
  update = update + weight_decay
  lr = lr * 0.03721
  update = update * lr
  return update, momentum, second_moment""",
    "signum": """def train(weight, gradient, momentum, lr):
  momentum = interp(gradient, momentum, 0.9)
  update = sign(momentum)
  update = update * lr
  return update, momentum""",
}


@pytest.mark.parametrize("name", NAMED)
def test_a_known_program_is_named(name):
    assert str(name_by_role(_scrambled(name))) == NAMED[name]


@pytest.mark.parametrize(
    "name, words",
    [
        ("discovered_lion", {"clipped_gradient", "arcsin_gradient", "weight_decay", "momentum"}),
        ("adam", {"bias_correction", "corrected_momentum", "sqrt_second_moment", "scale"}),
        ("ademamix", {"step_count"}),
        ("regularized", {"dot_product", "weight_decay"}),
        ("adafactor", {"gradient_row_mean", "gradient_column_mean"}),
    ],
)
def test_roles_are_found(name, words):
    program = name_by_role(dsl.simplify(_scrambled(name)))
    assert words <= {*program.inputs, *(statement.target for statement in program.statements)}


@given(programs())
def test_names_are_all_that_changes(program):
    named = name_by_role(program)
    assert dsl.fingerprint(named) == dsl.fingerprint(program)
    assert dsl.parse(str(named)) == named
    assert [statement.op for statement in named.statements] == [s.op for s in program.statements]
    assert name_by_role(named) == named


@given(programs())
def test_no_name_is_a_mere_number(program):
    named = name_by_role(program)
    names = {*named.inputs, *(statement.target for statement in named.statements)}
    assert not [name for name in names if re.fullmatch("[a-z]?[0-9]*", name)]


def test_a_state_that_holds_a_number_corrects_no_bias():
    program = dsl.parse("def f(w, g, m, lr):\n  u = g * lr\n  u = u + m\n  return u, 0.5")
    assert "bias" not in str(name_by_role(program))
