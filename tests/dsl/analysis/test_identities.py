"""Every identity holds bit for bit, with each side compiled by itself, and is applied."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.identities import IDENTITIES, reachable
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Const
from tests.support.dsl.programs import programs
from tests.support.dsl.values import SPECIAL, assert_same_bits, spread_floats

every_identity = pytest.mark.parametrize(
    ("left", "right"), IDENTITIES, ids=[left for left, _ in IDENTITIES]
)


def side(expression: str):
    """Return one side of an identity as a jitted function of two arrays.

    Constants are arguments, as on the machine, since XLA rewrites constants that it knows.
    """
    program = dsl.parse(f"def side(x, y, lr): return {expression}")
    args = [arg for statement in program.statements for arg in statement.args]
    constants = {arg.value: jnp.float32(arg.value) for arg in args if isinstance(arg, Const)}
    backend = PytreeBackend(jnp)

    @jax.jit
    def compute(x, y, constants):
        inputs = [(x,), (y,), jnp.float32(1)]
        (value,) = run(
            program, inputs, lambda op, *xs: op.evaluate(backend, *xs), constants.__getitem__
        )
        return value[0] if isinstance(value, tuple) else value

    return lambda x, y: compute(x, y, constants)


@every_identity
def test_identity_holds_bit_for_bit(left, right, rng):
    values = np.concatenate([SPECIAL, spread_floats(rng, 300)])
    x, y = np.meshgrid(values, values)
    # The norm is one number of an array, so each row of values is an array.
    if "norm" in left:
        sides = [jax.vmap(side(expression)) for expression in (left, right)]
        x, y = x.reshape(-1, 4), y.reshape(-1, 4)
    else:
        sides = [side(left), side(right)]
    assert_same_bits(*[compute(x, y) for compute in sides])


@every_identity
def test_identity_is_applied(left, right):
    text = "def train(x, y, lr):\n  return {}"
    one, other = (fingerprint(dsl.parse(text.format(side))) for side in (left, right))
    assert one == other


@given(programs(), st.data())
def test_canonical_form_has_only_functions_that_can_be_reached(program, data):
    named = {statement.op for statement in program.statements}
    others = data.draw(st.sets(st.sampled_from(sorted(OPS)), max_size=3))
    form = canonicalize(program)
    assert {i.op for i in form.instructions} <= reachable(named) <= reachable(named | others)


def test_functions_that_identities_bring_in_can_be_reached():
    assert reachable(["abs"]) == {"abs"}
    assert reachable(["add"]) == {"add", "multiply", "square", "cube", "negative", "subtract"}
