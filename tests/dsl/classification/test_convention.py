"""Constants are given in the convention of the known optimizer, at any scale of the states."""

from fractions import Fraction

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.classification.classifier import UNSIMPLIFIED_LION, classify
from lionhunt.dsl.classification.convention import PEAK, constants_as_in
from lionhunt.dsl.classification.skeletons import GUARD
from lionhunt.dsl.edits.named_constants import from_axis, replace_named, to_axis
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.rewriting.terms import make, number, substitute, to_program, to_term, variable

KNOWN = [name for name in library.names() if name not in UNSIMPLIFIED_LION]
FOUND = ("adabelief", "adam", "adamw", "lion", "nadam", "nesterov", "qhadam", "qhm", "rmsprop")
"""Optimizers whose constants must be found; a few others have no other scale of their states."""


def _with_scaled_states(program: dsl.Program, factors: list[Fraction]) -> dsl.Program:
    """Return a program that keeps each state times a factor, and computes the same."""
    states = [variable(name, Kind.TREE) for name in program.states]
    smaller = {
        s: make("multiply", s, number(1 / by)) for s, by in zip(states, factors, strict=True)
    }
    update, *news = substitute(to_term(program), smaller).args
    news = [make("multiply", new, number(by)) for new, by in zip(news, factors, strict=True)]
    return to_program(make("outputs", update, *news), program)


def _changed(name: str) -> tuple[dsl.Program, dict[str, float]]:
    """Return an optimizer with other constants and scales of its states, and these constants."""
    constants = library.doc(name).constants
    # Constants on one axis move by different amounts, and so stay different.
    moved = {
        c.name: float(f"{from_axis(c.value, to_axis(c.value, c.value) + 0.2 + 0.1 * i):.5g}")
        for i, c in enumerate(constants)
        if abs(c.value) > GUARD
    }
    values = {c.name: c.value for c in constants} | moved
    program = replace_named(library.load(name), constants, values)
    factors = [Fraction(x) for x in ("10", "1/4", "8", "1/2", "3", "1/5", "2", "7")]
    return _with_scaled_states(program, factors[: len(program.states)]), moved


@pytest.mark.parametrize("name", FOUND)
def test_other_constants_are_found_at_another_scale_of_states(name):
    program, moved = _changed(name)
    found = constants_as_in(name, program, {})
    assert found is not None
    assert {c: found[c] for c in moved} == pytest.approx(moved, rel=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", KNOWN)
def test_constants_that_are_found_are_right(name):
    program, moved = _changed(name)
    found = constants_as_in(name, program, {}) or {}
    # Where several constants only scale the update, the factor of the schedule value has it all.
    if PEAK not in found:
        assert {c: x for c, x in found.items() if c in moved} == pytest.approx(
            {c: moved[c] for c in found if c in moved}, rel=1e-4
        )


def test_lion_with_a_momentum_that_is_not_averaged():
    program = dsl.parse("""def train(w, g, m, lr):
      c = interp(g, m, 0.9)
      m = m * 0.99 + g
      update = (sign(c) * 0.5 + w * 0.1) * lr
      return update, m""")
    result = classify(program)
    assert result.optimizers == ("lion",)
    expected = {"beta1": 90 / 90.1, "beta2": 0.99, "weight_decay": 0.2, PEAK: 0.5}
    assert result.constants == pytest.approx(expected, rel=1e-6)


def test_the_convention_is_that_of_the_optimizer_that_has_the_constants():
    text = "def f(w, g, m, lr):\n  m = interp(g, m, 0.8)\n  return (g * 0.6 + m * 3.0) * lr, m"
    result = classify(dsl.parse(text))
    assert result.optimizers == ("nesterov", "qhm")
    # 0.6 g + 3 m is 3.6 times a mean of g and m.
    assert result.constants == pytest.approx({"nu": 3 / 3.6, "beta": 0.8, PEAK: 3.6}, rel=1e-6)
