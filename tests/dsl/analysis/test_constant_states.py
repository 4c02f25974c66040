"""States that hold one number are found bit for bit, and no others."""

import numpy as np
import pytest
from hypothesis import given, settings

from lionhunt import dsl
from lionhunt.dsl.analysis.constant_states import MAX_STEPS, Settled, find_constant_states
from lionhunt.dsl.behavior.record import Record, run_on
from lionhunt.dsl.edits.constant_states import replace_states
from tests.support.dsl.programs import MODERATE, programs


def _find(*statements: str):
    body = "\n  ".join(statements)
    text = f"def f(w, g, s, lr):\n  update = sign(g) * s * lr\n  {body}\n  return update, s"
    return find_constant_states(dsl.parse(text)).get("s")


@pytest.mark.parametrize(
    "statement, settled",
    [
        ("s = s * 0.9", Settled(0.0, 0)),
        ("s = interp(s, 0.0, 0.5)", Settled(0.0, 0)),
        ("s = 1.0", Settled(1.0, 1)),
        ("s = max(s, 1.0)", Settled(1.0, 1)),
        ("s = sign(s + 0.5)", Settled(1.0, 1)),
        ("s = min(s + 1.0, 3.0)", Settled(3.0, 3)),
        ("s = s + 1.0", None),
        ("s = 1.0 - s", None),
        ("s = interp(1.0, s, 0.9)", None),
        ("s = s * g", None),
        ("s = interp(g, s, 1.0)", None),
        # It is 0 and -0 in turn.
        ("s = negative(s)", None),
        # A norm counts the elements of a state.
        ("s = norm(s + 1.0)", None),
        (f"s = min(s + 1.0, {MAX_STEPS + 2}.0)", None),
    ],
)
def test_a_state_that_settles_is_found(statement, settled):
    assert _find(statement) == settled


def test_states_that_settle_by_each_other_are_found_together():
    program = dsl.parse("def f(w, g, a, b, c, lr): return g * c, b * 0.5, a, sign(b + g)")
    assert find_constant_states(program) == {"a": Settled(0.0, 0), "b": Settled(0.0, 0)}


@given(programs(constants=MODERATE))
@settings(max_examples=60, deadline=None)
def test_a_random_program_computes_the_same_with_the_number(program):
    numbers = {s: x.value for s, x in find_constant_states(program).items() if not x.num_steps}
    rng = np.random.default_rng(0)
    weights, gradients = rng.normal(size=(2, 4, 5)).astype(np.float32)
    record = Record(((5,),), weights, gradients)
    (before,), (after,) = (
        run_on(each, [record]) for each in (program, replace_states(program, numbers))
    )
    np.testing.assert_array_equal(after, before)
