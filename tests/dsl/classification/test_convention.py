"""Constants are given in the convention of the known optimizer, at any scale of the states."""

from fractions import Fraction

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.classification.classifier import MAX_SIZE, UNSIMPLIFIED_LION, classify
from lionhunt.dsl.classification.convention import PEAK, constants_as_in
from lionhunt.dsl.classification.skeletons import GUARD, make_skeleton
from lionhunt.dsl.edits.named_constants import from_axis, replace_named, to_axis
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.rewriting.terms import make, number, substitute, to_program, to_term, variable

KNOWN = [
    name
    for name in library.names()
    if name not in UNSIMPLIFIED_LION and make_skeleton(library.load(name)).size <= MAX_SIZE
]


def _with_scaled_states(program: dsl.Program, factors: list[Fraction]) -> dsl.Program:
    """Return a program that keeps each state times a factor, and computes the same."""
    states = [variable(name, Kind.TREE) for name in program.states]
    smaller = {
        s: make("multiply", s, number(1 / by)) for s, by in zip(states, factors, strict=True)
    }
    update, *news = substitute(to_term(program), smaller).args
    news = [make("multiply", new, number(by)) for new, by in zip(news, factors, strict=True)]
    return to_program(make("outputs", update, *news), program)


@pytest.mark.parametrize("name", KNOWN)
def test_other_constants_are_found_at_another_scale_of_states(name):
    constants = library.doc(name).constants
    # Constants on one axis move by different amounts, and so stay different.
    values = {
        c.name: float(f"{from_axis(c.value, to_axis(c.value, c.value) + 0.2 + 0.1 * i):.5g}")
        for i, c in enumerate(constants)
        if abs(c.value) > GUARD
    }
    values = {c.name: c.value for c in constants} | values
    changed = replace_named(library.load(name), constants, values)
    factors = [Fraction(10), Fraction(1, 4), Fraction(8), Fraction(1, 2), Fraction(3)]
    program = _with_scaled_states(changed, factors[: len(changed.states)])
    found = constants_as_in(name, program, {})
    if name in NO_LINEAR_SCALE:
        assert found is None
        return
    assert found is not None
    known = {c: x for c, x in values.items() if abs(x) > GUARD and (name, c) not in OPEN}
    assert {c: found[c] for c in known} == pytest.approx(known, rel=1e-4)


NO_LINEAR_SCALE = ("adafactor",)
"""Known optimizers whose step count has no other scale."""
OPEN = [("aggmo", "num_momenta")]
"""Constants that only scale the update, as the schedule value does."""


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
    # 0.6 g + 3 m is 3.6 times the mean of g and m with the weight 3 / 3.6 of m.
    assert result.constants == pytest.approx({"nu": 3 / 3.6, "beta": 0.8, PEAK: 3.6}, rel=1e-6)
