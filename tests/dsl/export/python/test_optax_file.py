"""Exported optax files take the same steps as the program."""

import hypothesis
import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.export import to_optax
from tests.support.dsl.exported_files import (
    EVERY_OP,
    NO_NOTES,
    changed_constants,
    execute,
    one_op,
    with_changed_constants,
)
from tests.support.dsl.library_programs import ROUNDING, each_program
from tests.support.dsl.optax_steps import assert_same_steps, export
from tests.support.dsl.programs import MODERATE, programs
from tests.support.dsl.values import assert_close, draw_tree


def load(name, learning_rate: float | optax.Schedule = 0.5, **constants):
    """Export a program of the library and load its optimizer."""
    text = to_optax(library.load(name), name, library.doc(name))
    return execute(text)[name](learning_rate, **constants)


def train(optimizer, num_steps, params, scale=1.0):
    """Return the updates of all steps with random gradients, stacked, and the last parameters."""
    rng = np.random.default_rng(1)
    state, updates = optimizer.init(params), []
    for _ in range(num_steps):
        gradient = jax.tree.map(lambda g, w: g.astype(w.dtype), draw_tree(rng, scale), params)
        step, state = optimizer.update(gradient, state, params)
        params = optax.apply_updates(params, step)
        updates.append(step)
    return jax.tree.map(lambda *steps: jnp.stack(steps), *updates), params


@each_program()
def test_library_program_takes_the_same_steps(name, rng):
    schedule = optax.linear_schedule(0.5, 0.1, 50)
    params = draw_tree(rng)
    # optax's schedules mix int32 and float32.
    with jax.numpy_dtype_promotion("standard"):
        actual = train(load(name, schedule), 20, params)
        expected = train(dsl.as_optimizer(library.load(name), schedule), 20, params)
    assert_close(actual, expected, rtol=ROUNDING.get(name, 2e-5))


@each_program()
def test_constants_are_arguments(name, rng):
    """Check that changed arguments act like changed constants in the program."""
    params = draw_tree(rng)
    changed = load(name, 0.5, **changed_constants(name))
    own = dsl.as_optimizer(with_changed_constants(name), 0.5)
    actual, expected = train(changed, 20, params), train(own, 20, params)
    assert_close(actual, expected, rtol=5e-5)


@hypothesis.settings(max_examples=40)
@hypothesis.given(programs(max_statements=12, constants=MODERATE))
def test_random_program_takes_the_same_steps(program):
    assert_same_steps(program, rtol=1e-5, num_steps=3)


@pytest.mark.parametrize("name, words", EVERY_OP)
def test_every_function_is_exported(name, words):
    assert_same_steps(one_op(name, words), rtol=1e-7, num_steps=1)


THREE_PASSES = """
def f(w, g, m, v, lr):
  m = interp(g, m, 0.75)
  d = norm(m)
  lr = global_norm(m) * lr
  m = m * lr
  s = dot(m, v)
  lr = lr + s
  w = w * lr
  v = v + m
  d = d * global_norm(w)
  s = cosine_sim(m, lr)
  m = clip(m, s)
  return m + d * w, v, g + m
"""


def test_program_of_several_passes():
    assert_same_steps(dsl.parse(THREE_PASSES), rtol=1e-9, num_steps=3)
    assert to_optax(dsl.parse(THREE_PASSES), "found", NO_NOTES).count("def prepare(") == 3


def test_protections_are_exported():
    zeros = {"a": jnp.zeros(3), "b": jnp.zeros(())}
    ones = jax.tree.map(jnp.ones_like, zeros)
    for expression in ("g / w", "sqrt(w - g)", "log(w - 2 * g)", "log1p(w - 3 * g)"):
        program = dsl.parse(f"def f(w, g, lr): return {expression}")
        for optimizer in (export(program, 1.0), dsl.as_optimizer(program, 1.0)):
            update, _ = optimizer.update(ones, optimizer.init(zeros), zeros)
            assert all(jnp.all(jnp.isfinite(x) & (x != 0)) for x in jax.tree.leaves(update))


def test_lion_is_the_lion_of_optax(rng):
    params = draw_tree(rng)
    exported = train(load("lion", 1e-3, weight_decay=0.3), 50, params)
    expected = train(optax.lion(1e-3, weight_decay=0.3), 50, params)
    assert_close(exported, expected, rtol=2e-6)


DTYPES = ("bfloat16", "float16", "float32", "float64")


@each_program()
@pytest.mark.parametrize("dtype", DTYPES)
def test_update_has_the_dtype_of_the_weights_and_states_are_wide(name, dtype, rng):
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        params = optax.tree.cast(draw_tree(rng), dtype)
        optimizer = load(name, optax.linear_schedule(0.5, 0.1, 50))
        state = optimizer.init(params)
        for other in DTYPES:
            # An accumulated gradient may be wider than the weights.
            gradient = optax.tree.cast(draw_tree(rng), other)
            updates, new_state = jax.eval_shape(optimizer.update, gradient, state, params)
            assert {x.dtype for x in jax.tree.leaves(updates)} == {jnp.dtype(dtype)}
            wide = jnp.float64 if dtype == "float64" else jnp.float32
            states = jax.tree.leaves(new_state[1:])
            assert {x.dtype for x in states} <= {jnp.dtype(wide)}
            assert jax.tree.map(jnp.shape, new_state) == jax.tree.map(jnp.shape, state)


@pytest.mark.parametrize("name", ["lion", "sgd", "raw_lion", "regularized", "momentum"])
@pytest.mark.parametrize("params", [{}, jnp.ones(3), (jnp.ones(2), (jnp.ones(()),))])
def test_any_tree_will_do(name, params):
    optimizer = optax.chain(optax.scale(2.0), load(name, 0.5))
    update, _ = optimizer.update(params, optimizer.init(params), params)
    own = optax.chain(optax.scale(2.0), dsl.as_optimizer(library.load(name), 0.5))
    expected, _ = own.update(params, own.init(params), params)
    assert_close(update, expected, rtol=2e-6)


def test_params_are_asked_for_only_if_read():
    params = {"a": jnp.ones(3)}
    lion, momentum = load("lion"), load("momentum")
    with pytest.raises(ValueError, match="lion reads the weights"):
        lion.update(params, lion.init(params))
    update, _ = momentum.update(params, momentum.init(params))
    np.testing.assert_array_equal(update["a"], np.full(3, -0.5))
