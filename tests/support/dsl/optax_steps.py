"""The steps of exported optax files, against the op table in float64."""

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt import dsl
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.export import to_optax
from lionhunt.dsl.interpreter import run
from tests.support.dsl.exported_files import NO_NOTES, execute
from tests.support.dsl.values import draw_tree


def export(program, learning_rate):
    return execute(to_optax(program, "found", NO_NOTES))["found"](learning_rate)


def reference(program, steps, num_steps):
    """Return the updates by the op table in float64, with constants as the export prints them.

    Two differences remain: rounding, of the order 1e-16, and folded functions of constants, which
    are float32 in the export (6e-8).
    """
    backend = PytreeBackend(jnp)
    program = dsl.simplify(program)
    params, gradients, value = steps
    weights, structure = tuple(jax.tree.leaves(params)), jax.tree.structure(params)
    states = [tuple(map(jnp.zeros_like, weights)) for _ in program.states]
    updates = []
    for gradient in gradients[:num_steps]:
        inputs = [weights, tuple(jax.tree.leaves(gradient)), *states, jnp.float64(value)]
        outputs = run(program, inputs, lambda op, *args: op.evaluate(backend, *args), printed)
        update, *states = (
            tuple(
                jnp.broadcast_to(jnp.asarray(x, jnp.float64), w.shape)
                for x, w in zip(
                    value if isinstance(value, tuple) else (value,) * len(weights),
                    weights,
                    strict=True,
                )
            )
            for value in outputs
        )
        updates.append(structure.unflatten(update))
    return updates


def printed(value):
    return jnp.float64(float(str(np.float32(value))))


def draws(dtype):
    rng = np.random.default_rng(2)
    params, *gradients = (jax.tree.map(lambda x: x.astype(dtype), draw_tree(rng)) for _ in range(4))
    return params, gradients, 0.375


def assert_same_steps(program, rtol, num_steps):
    """Assert that export and op table agree in float64, NaN and infinities included."""
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        params, gradients, value = steps = draws(jnp.float64)
        expected = reference(program, steps, num_steps)
        optimizer = export(program, value)
        state = optimizer.init(params)
        for gradient, update in zip(gradients[:num_steps], expected, strict=True):
            step, state = optimizer.update(gradient, state, params)
            for a, b in zip(jax.tree.leaves(step), jax.tree.leaves(update), strict=True):
                assert a.shape == b.shape and a.dtype == b.dtype
                b = np.asarray(b)
                atol = rtol * np.abs(b[np.isfinite(b)]).max(initial=0)
                np.testing.assert_allclose(-a, b, rtol=rtol, atol=atol)
