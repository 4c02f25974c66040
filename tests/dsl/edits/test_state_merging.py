"""Merging of equal states, against the canonical form, which merges them too."""

from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.edits.state_merging import merge_equal_states
from tests.support.dsl.programs import programs

EQUAL = """def train(w, g, m, n, v, lr):
  a = interp(g, m, 0.9)
  b = interp(g, n, 0.9)
  v = interp(a, v, 0.5)
  update = a - b
  update = update + v
  update = update * lr
  return update, a, b, v
"""


def test_states_that_are_always_equal_are_one():
    merged = merge_equal_states(dsl.parse(EQUAL))
    assert merged.states == ("m", "v")
    assert dsl.fingerprint(merged) == dsl.fingerprint(dsl.parse(EQUAL))


def test_states_that_differ_stay():
    program = dsl.parse(EQUAL.replace("n, 0.9", "n, 0.8"))
    assert merge_equal_states(program) is program


@given(programs())
def test_the_program_computes_the_same_with_no_more_states(program):
    program = dsl.simplify(program)
    merged = merge_equal_states(program)
    assert dsl.fingerprint(merged) == dsl.fingerprint(program)
    assert canonicalize(program).num_states <= len(merged.states) <= len(program.states)
