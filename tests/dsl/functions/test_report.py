"""The test of functions of the user: it passes right ones, and finds each kind of fault."""

# pyright: reportArgumentType=false, reportFunctionMemberAccess=false

import random

import numpy as np
import pytest

from lionhunt.dsl.functions import function
from lionhunt.dsl.functions.agreement import difference
from lionhunt.dsl.functions.report import check_function


def problems(op):
    """Return the problems of a function by the claim that they contradict."""
    return {found.what: found.problem for found in check_function(op) if found.problem}


@pytest.mark.parametrize(
    "kind, rule, meaning",
    [
        ("elementwise", lambda np, x: x / (1 + np.abs(x)), "x / (1 + abs(x))"),
        pytest.param(
            *("row", lambda np, x, axis: np.max(x, axis, keepdims=True)),
            "max(x, -1, keepdims=True)",
            marks=pytest.mark.slow,
        ),
        ("array", lambda np, x, axis: np.sum(x * x, axis, keepdims=True), "sum(x * x)"),
        pytest.param("total", lambda np, x: np.abs(x), "sum(abs(x))", marks=pytest.mark.slow),
    ],
    ids=["elementwise", "row", "array", "total"],
)
def test_right_functions_pass(kind, rule, meaning):
    op = function(name="f", arity=1, kind=kind, meaning=meaning)(rule)
    found = list(check_function(op))
    assert not [each for each in found if each.problem]
    assert sum(each.what.startswith("interpreter and machines") for each in found) == 3
    assert sum("no export to" in each.what for each in found) == 2


def test_wrong_claims_are_found():
    declare = function(
        name="f",
        arity=2,
        meaning="x + y",
        commutative=True,
        non_negative=True,
        optax="y - x",
        torch="torch.no_such(x)",
    )
    found = problems(declare(lambda np, x, y: x - y))
    assert {what.partition(":")[0] for what in found} >= {
        "the meaning says what the rule does",
        "commutative",
        "non-negative",
        "optax expression equals the rule",
    }
    assert "swapped" in found["commutative: swapped arguments give the same bits"]


def test_a_rule_that_draws_or_remembers_is_found():
    draw = random.Random(0).random
    op = function(name="f", arity=1, meaning="x")(lambda np, x: x + np.float32(draw()))
    assert "two results of NumPy differ" in problems(op)["two calls give the same bits"]


def test_a_rule_that_another_array_library_computes_differently_is_found():
    op = function(name="f", arity=1, meaning="x")(
        lambda np, x: x if np.__name__ == "numpy" else x + 1
    )
    found = problems(function(name="f", arity=1, meaning="x + 1")(op.evaluate.args[-1]))
    assert list(found) == ["the meaning says what the rule does"]


@pytest.mark.parametrize(
    "one, other, is_same",
    [
        ([1.0, np.nan], [1.0, np.nan], True),
        ([np.inf], [np.inf], True),
        ([0.0], [-0.0], True),
        ([1e-40], [0.0], True),
        ([1.0], [1.000001], True),
        ([1.0], [1.001], False),
        ([np.inf], [-np.inf], False),
        ([np.nan], [0.0], False),
        ([1.0], [np.inf], False),
    ],
    ids=str,
)
def test_differences(one, other, is_same):
    found = difference(np.float32(one), np.float32(other), [np.float32(one)], ("a", "b"))
    assert (found is None) is is_same
    if found:
        assert "a gives" in found and "at x = " in found


def test_difference_of_shapes():
    assert difference(np.ones(1), np.ones(2), (), ("a", "b")) == "a has 1 numbers, b 2"
