"""Exported optax optimizers and `dsl.as_optimizer` in the tests that optax has for its own.

The cases are those of optax's tests of aliases, wrappers, tree utilities, types and sharding.
`on_programs` names the programs to which a test does not apply.
"""

# Test code reads attributes that types do not tell, and variables of loops after them.
# pyright: reportAttributeAccessIssue=false, reportPossiblyUnboundVariable=false, reportArgumentType=false
# pyright: reportOptionalMemberAccess=false, reportCallIssue=false, reportOperatorIssue=false
# pyright: reportInvalidTypeForm=false

import functools
from collections.abc import Collection, Mapping

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt import dsl
from tests.support.dsl import suites
from tests.support.dsl.library_programs import QUICK
from tests.support.dsl.suites import (
    NAMES,
    REPRESENTATIVES,
    optax_function,
    rate,
)

EXPORT, OWN = "export", "as_optimizer"


def on_both(unless: Mapping[str, str] | None = None, *, quick: Collection[str] = QUICK):
    """Parametrize a test over exports and `dsl.as_optimizer`, by `source` and `name`.

    Args:
        unless: for each program to which the test does not apply, the reason.
        quick: programs whose exports always run. `dsl.as_optimizer` always runs the
            representatives among them. The others run with `-m slow` alone.
    """
    left_out = dict(unless or {})

    def mark(test):
        test.not_applicable = left_out
        params = []
        for source, names in ((EXPORT, quick), (OWN, {*quick} & {*REPRESENTATIVES})):
            for name in NAMES:
                if name not in left_out:
                    marks = [] if name in names else [pytest.mark.slow]
                    params.append(pytest.param(source, name, marks=marks))
        return pytest.mark.parametrize(("source", "name"), params)(test)

    return mark


FLOATS = (jnp.float16, jnp.bfloat16, jnp.float32)


@pytest.fixture(scope="module", autouse=True)
def strict_types():
    """Mix types as users and wrappers of optax do."""
    with jax.numpy_dtype_promotion("standard"):
        yield


def make(source, name, learning_rate=None, **options):
    learning_rate = rate(name) if learning_rate is None else learning_rate
    if source == OWN:
        return dsl.as_optimizer(suites.program(name), learning_rate, **options)
    return optax_function(name)(learning_rate, **options)


def draw(seed, dtype=jnp.float32):
    """Return a tree of weights or a gradient."""
    rng = np.random.default_rng(seed)
    shapes = {"layer": {"bias": (), "kernel": (3, 4)}, "scale": (3, 4)}
    return jax.tree.map(
        lambda shape: jnp.asarray(rng.standard_normal(shape), dtype),
        shapes,
        is_leaf=lambda node: isinstance(node, tuple),
    )


PARAMS = draw(0)
GRADIENTS = [draw(seed) for seed in (1, 2, 3)]


def run(optimizer, params=PARAMS, gradients=GRADIENTS, state=None, update=None):
    """Return the updates of all steps and the last state; the weights move."""
    state = optimizer.init(params) if state is None else state
    updates = []
    for gradient in gradients:
        step, state = (update or optimizer.update)(gradient, state, params)
        params = optax.apply_updates(params, step)
        updates.append(step)
    return updates, state


@functools.cache
def steps(source, name):
    """Return the updates and the state of three steps."""
    return run(make(source, name))


def cast(tree, dtype):
    return jax.tree.map(lambda leaf: leaf.astype(dtype), tree)


def assert_same(one, other):
    """Assert that two trees are the same, bit for bit."""
    assert jax.tree.structure(one) == jax.tree.structure(other)
    for a, b in zip(jax.tree.leaves(one), jax.tree.leaves(other), strict=True):
        assert jnp.result_type(a) == jnp.result_type(b)
        np.testing.assert_array_equal(np.asarray(a), np.asarray(b))


def types(tree):
    return jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype, leaf.weak_type), tree)
