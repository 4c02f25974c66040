"""Properties of update rules: those of known optimizers, and laws for all programs."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.properties import (
    REQUIREMENTS,
    LearningRate,
    Properties,
    Weights,
    describe,
    faults,
    find_properties,
    missing,
)
from lionhunt.dsl.edits.statements import free_name
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Const, Program, Statement, Var
from tests.support.dsl.program_texts import body
from tests.support.dsl.programs import MODERATE, programs

PLAIN = Properties(LearningRate.FOLLOWED, Weights.IGNORED, False, True, 0.0, True)
KNOWN = {
    "adam": PLAIN,
    "lion": PLAIN._replace(weights=Weights.DECAYED),
    "sgd": PLAIN._replace(degree=1.0),
    "nesterov": PLAIN._replace(degree=1.0),
    "muon": PLAIN._replace(is_order_free=False),
    "adafactor": PLAIN._replace(weights=Weights.OTHERWISE, is_order_free=False),
    "raw_lion": PLAIN._replace(learning_rate=LearningRate.OTHERWISE, weights=Weights.DECAYED),
    # It uses the second moment after some steps only.
    "radam": PLAIN._replace(degree=None),
}


@pytest.mark.parametrize("name", KNOWN)
def test_known_optimizers_have_their_properties(name):
    assert find_properties(library.load(name)) == KNOWN[name]


@pytest.mark.parametrize(
    ("update", "changes"),
    [
        ("g * 0.5", {"learning_rate": LearningRate.IGNORED, "degree": 1.0}),
        ("g * lr * lr", {"learning_rate": LearningRate.OTHERWISE, "degree": 1.0}),
        ("(g + 0.001) * lr", {"drifts": True, "is_odd": False, "degree": 1.0}),
        ("(sign(g) - w * 0.1) * lr", {"weights": Weights.DECAYED, "drifts": True}),
        ("g * reciprocal(abs(g)) * lr", {"drifts": True, "degree": None}),
        ("square(g) * lr", {"is_odd": False, "degree": 2.0}),
        ("g * norm(w) * lr", {"weights": Weights.OTHERWISE, "degree": 1.0}),
        ("tanh(g) * lr", {"degree": None}),
        ("sign(g) * sqrt(g) * lr", {"degree": 0.5}),
        ("row_norm(g) * sign(g) * lr", {"degree": 1.0, "is_order_free": False}),
        ("rows(g) * sign(g) * lr", {}),
    ],
)
def test_property_is_told_from_its_formula(update, changes):
    found = find_properties(dsl.parse(f"def f(w, g, lr): return {update}"))
    assert found == PLAIN._replace(**changes)


def test_an_update_that_is_not_finite_has_no_property():
    found = find_properties(dsl.parse("def f(w, g, lr): return log(w - w) * lr"))
    assert found == (LearningRate.OTHERWISE, Weights.OTHERWISE, True, False, None, False)


@pytest.mark.parametrize("update", ["g", "(w + g)", "sign(g)"])
@pytest.mark.parametrize("size", [1e38, 1e-38])
def test_an_update_at_the_end_of_the_range_warns_of_nothing(update, size):
    # The probe computes in float64. Warnings are errors in tests.
    for last in (1.0, 1e2, 1e3, 2e3):
        factors = " * ".join([repr(size)] * 8)
        find_properties(dsl.parse(f"def f(w, g, lr): return {update} * lr * {factors} * {last}"))


def test_states_that_ignore_the_learning_rate_do_not_hide_it():
    text = body("m = m + g * lr", "u = m * 0.1", "return u, m")
    assert find_properties(dsl.parse(text)).learning_rate is LearningRate.FOLLOWED


@given(programs(ops=tuple(OPS)))
def test_equal_fingerprints_mean_equal_properties(program):
    assert find_properties(canonicalize(program).to_program()) == find_properties(program)


def extended(program: Program, op: str, arg) -> Program:
    """Return a program whose update goes through one more function."""
    name = free_name("last", program)
    statement = Statement(name, op, (program.outputs[0], arg))
    outputs = (Var(name), *program.outputs[1:])
    return dataclasses.replace(
        program, statements=(*program.statements, statement), outputs=outputs
    )


@given(programs(max_statements=6, constants=MODERATE), st.floats(0.25, 4.0))
def test_a_factor_changes_no_property_and_a_schedule_outside_is_followed(program, factor):
    found = find_properties(program)
    # A product may overflow, underflow or round.
    if found.degree is None or found.learning_rate is not LearningRate.IGNORED:
        return
    assert find_properties(extended(program, "multiply", Const(-factor))) == found._replace(
        drifts=found.drifts or found.weights is not Weights.IGNORED
    )
    outside = extended(program, "multiply", Var(program.schedule))
    if program.schedule in {statement.target for statement in program.statements}:
        return
    assert find_properties(outside) == found._replace(learning_rate=LearningRate.FOLLOWED)


@given(programs(max_statements=6, constants=MODERATE), st.floats(0.25, 4.0))
def test_a_constant_in_every_update_is_a_drift(program, constant):
    found = find_properties(program)
    if not found.drifts:
        moved = find_properties(extended(program, "add", Const(constant)))
        assert moved.drifts and not moved.is_odd


def test_requirements_are_met_or_named():
    lion, sgd = (canonicalize(library.load(name)) for name in ("lion", "sgd"))
    assert missing(lion, tuple(REQUIREMENTS)) == ()
    assert missing(sgd, tuple(REQUIREMENTS)) == ("scale_free",)
    assert missing(sgd, ()) == ()
    bad = canonicalize(dsl.parse("def f(w, g, lr): return square(g) * norm(w) + tanh(row_max(g))"))
    assert missing(bad, tuple(REQUIREMENTS)) == tuple(
        name for name in REQUIREMENTS if name != "no_drift"
    )


def test_words_and_faults_fit_the_properties():
    assert len(describe(PLAIN)) == 6 and not list(faults(PLAIN))
    drifting = PLAIN._replace(learning_rate=LearningRate.IGNORED, drifts=True)
    assert len(list(faults(drifting))) == 2
