"""Constants match those of a known optimizer, in any order."""

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.classification.constant_matching import match_constants
from lionhunt.dsl.edits.constants import constants_of, replace_constants
from tests.support.dsl.library_programs import each_program

LION = """def train(w, g, v, lr):
  wd = 0.5 * w
  m = interp(g, v, 0.998)
  u = interp(g, v, 0.9)
  u = sign(u) + wd
  lr = 0.0002 * lr
  return u * lr, m
"""


def test_constants_go_to_their_places_and_not_by_their_order():
    match = match_constants(dsl.parse(LION), library.load("lion"))
    assert match == {0.5: 0.1, 0.998: 0.99, 0.9: 0.9, 0.0002: None}


def test_states_may_come_in_another_order():
    adamw = library.load("adamw_initial")
    text = str(adamw).replace("(w, g, m, v, lr)", "(w, g, v, m, lr)")
    swapped = dsl.parse(text.replace("update, m, v", "update, v, m"))
    assert match_constants(swapped, adamw) == {value: value for value in constants_of(adamw)}


@pytest.mark.parametrize("old, new", [("sign", "tanh"), ("interp(g, v, 0.9)", "interp(v, g, 0.9)")])
def test_another_program_does_not_match(old, new):
    changed = dsl.parse(LION.replace(old, new))
    assert match_constants(changed, library.load("lion")) is None


@each_program()
def test_library_program_with_other_constants_matches_itself(name):
    program = dsl.simplify(library.load(name))
    values = constants_of(program)
    other = {value: (i + 2) / 64 for i, value in enumerate(values) if value not in (1.0, 1e-8)}
    match = match_constants(replace_constants(program, other), program)
    if len(values) <= 5:
        assert match == {other.get(value, value): value for value in values}
