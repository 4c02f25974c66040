"""Values and comparisons for the tests of `dsl`: special numbers, nested trees, bits."""

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.dsl.interpreter import evaluate

TINY = np.finfo(np.float32).tiny

SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, 1e-40, -1e-40, TINY, -TINY, 1.5e-38, 1e-30, -1e-30]
    + [1e-8, -1e-8, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.0, -3.0, 1e19, -1e19, 3.4028235e38]
    + [-3.4028235e38],
    np.float32,
)
"""NaN, infinities, zeros, subnormals, the smallest and largest numbers, and some between."""

SHAPES = {"layer": {"bias": (), "kernel": (2, 1, 3)}, "scale": (4,)}
"""The shapes of a nested tree of weights."""


def draw_tree(rng, scale: float = 1.0, shapes=SHAPES):
    """Return a tree of random numbers."""
    return jax.tree.map(
        lambda shape: jnp.asarray(scale * rng.standard_normal(shape), jnp.float32),
        shapes,
        is_leaf=lambda node: isinstance(node, tuple),
    )


def take_steps(program, num_steps: int = 3):
    """Return the updates and the last states of a few steps, as written, on a small tree."""
    rng = np.random.default_rng(0)

    def draw():
        numbers = jnp.asarray(rng.standard_normal(3), jnp.float32)
        return {"a": numbers[:2], "b": numbers[2]}

    states = tuple({"a": jnp.zeros(2), "b": jnp.zeros(())} for _ in program.states)
    updates = []
    for _ in range(num_steps):
        update, states = evaluate(program, draw(), draw(), states, 0.5)
        updates.append(update)
    return updates, states


def spread_floats(rng, size: int) -> np.ndarray:
    """Draw float32 numbers of every magnitude."""
    return rng.integers(0, 2**32, size, dtype=np.uint32).view(np.float32)


def bits(value) -> np.ndarray:
    """Return the bits of float32 numbers, with one NaN and without subnormals."""
    value = np.array(value, np.float32)
    value[np.isnan(value)] = np.nan
    is_subnormal = np.abs(value) < TINY
    value[is_subnormal] = np.copysign(np.float32(0), value[is_subnormal])
    return value.view(np.uint32)


def assert_same_bits(actual, expected) -> None:
    """Assert that two trees of arrays are the same, bit for bit."""
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(bits(a), bits(b), err_msg=f"{a} against {b}")


def on_device(bytecode):
    """Return the bytecode as JAX arrays."""
    return jax.tree.map(jnp.asarray, bytecode)


def assert_close(actual, expected, rtol: float) -> None:
    """Assert that two trees agree, leaf by leaf, relative to the largest number of the leaf."""
    assert jax.tree.structure(actual) == jax.tree.structure(expected)
    for a, b in zip(jax.tree.leaves(actual), jax.tree.leaves(expected), strict=True):
        assert np.shape(a) == np.shape(b)
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * np.abs(b).max())
