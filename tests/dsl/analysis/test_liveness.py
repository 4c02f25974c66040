"""Liveness and simplification: figures of the paper, and two oracles over random programs."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import find_liveness, simplify
from lionhunt.dsl.interpreter import run
from tests.support.dsl.programs import programs
from tests.support.dsl.values import assert_same_bits, take_steps

FIGURES = {
    # statements, needed within the step, needed, live states
    "raw_lion": (21, 13, 12, ("v",)),
    "discovered_lion": (12, 12, 11, ("v",)),
    "adamw_initial": (9, 9, 9, ("m", "v")),
    "lion": (6, 6, 6, ("momentum",)),
    "regularized": (12, 12, 12, ("m", "v")),
    "sgd": (1, 1, 1, ()),
}
"""Counts of known programs; those but Program 8 (`raw_lion`) are counted by hand.

Of the 21 statements of Program 8, 8 are redundant. Its state `m = cosh(update)` is dead, since the
next step overwrites it before it reads it.
"""


@pytest.mark.parametrize("name", FIGURES)
def test_figures_of_the_paper(name):
    program = dsl.library.load(name)
    liveness = find_liveness(program)
    states = zip(program.states, liveness.live_states, strict=True)
    assert (
        len(program.statements),
        sum(liveness.needed_within_step),
        sum(liveness.needed),
        tuple(state for state, is_live in states if is_live),
    ) == FIGURES[name]


def test_simplify_drops_the_cosh_of_program_8_with_its_state():
    program = simplify(dsl.library.load("raw_lion"))
    assert "cosh" not in str(program)
    assert program.inputs == ("w", "g", "v", "lr")


def test_simplify_within_the_step_keeps_every_state():
    program = simplify(dsl.library.load("raw_lion"), across_steps=False)
    assert len(program.statements) == 13
    assert program.inputs == ("w", "g", "m", "v", "lr")


def test_state_that_feeds_itself_alone_is_dead():
    program = dsl.parse("def train(w, g, m, lr):\n  m = m + g\n  u = g * lr\n  return u, m")
    assert str(simplify(program)) == "def train(w, g, lr):\n  u = g * lr\n  return u"


def test_state_that_reaches_the_update_through_another_is_live():
    text = "def train(w, g, m, v, lr):\n  u = g + m\n  m = abs(v)\n  v = sign(w)\n  return u, m, v"
    assert find_liveness(dsl.parse(text)).needed == (True, True, True)


def trace(program, states):
    """Return the statement numbers and the marks of `states` that each output depends on.

    This is a forward analysis: the loop over sets. A result depends on itself and its arguments.
    """
    numbers = iter(range(len(program.statements)))

    def apply(op, *sets):
        return frozenset({next(numbers)}).union(*sets)

    nothing = frozenset()
    return run(program, [nothing, nothing, *states, nothing], apply, lambda _: nothing)


@given(programs())
def test_needed_agrees_with_a_trace_forward(program):
    needed = frozenset().union(*trace(program, [frozenset()] * len(program.states)))
    count = len(program.statements)
    assert find_liveness(program).needed_within_step == tuple(i in needed for i in range(count))

    # A value reaches an update through each state at most once.
    reached, states = frozenset(), [frozenset({name}) for name in program.states]
    for _ in range(len(program.states) + 1):
        update, *states = trace(program, states)
        reached |= update
    liveness = find_liveness(program)
    assert liveness.needed == tuple(i in reached for i in range(count))
    assert liveness.live_states == tuple(name in reached for name in program.states)


@settings(max_examples=50)
@given(programs(), st.booleans())
def test_simplify_keeps_the_updates_bit_for_bit(program, across_steps):
    short = simplify(program, across_steps=across_steps)
    updates, states = take_steps(short)
    expected_updates, expected_states = take_steps(program)
    assert_same_bits(updates, expected_updates)
    if not across_steps:
        assert_same_bits(states, expected_states)


@given(programs(), st.booleans())
def test_simplify_is_idempotent_and_keeps_the_fingerprint(program, across_steps):
    short = simplify(program, across_steps=across_steps)
    dsl.infer(short)
    assert simplify(short, across_steps=across_steps) == short
    assert fingerprint(short) == fingerprint(program)


@given(programs())
def test_simplified_program_has_nothing_left_to_drop(program):
    liveness = find_liveness(simplify(program))
    assert all(liveness.needed) and all(liveness.live_states)
