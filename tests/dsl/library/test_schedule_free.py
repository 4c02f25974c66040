"""The point at which Schedule-Free programs are to be evaluated, from their weights and states."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.dsl import library
from lionhunt.dsl.interpreter import evaluate
from tests.support.dsl.values import assert_close, draw_tree

NUM_STEPS = 20
BETA1 = 0.9

BASES = {
    "schedule_free_sgd": optax.sgd,
    "schedule_free_adamw": lambda lr: optax.adamw(lr, b1=0.0, weight_decay=0.01),
}


def rate(step):
    """Return a learning rate with a warm-up."""
    return 0.1 * min(1.0, (step + 1) / 5)


@pytest.mark.parametrize("name", BASES)
def test_average_is_what_optax_evaluates(name, rng):
    program = library.load(name)
    weights = params = average = draw_tree(rng)
    states = tuple(jax.tree.map(jnp.zeros_like, weights) for _ in program.states)
    z = program.states.index("z")
    rates = jnp.asarray([rate(step) for step in range(NUM_STEPS)])
    # The average of optax counts steps from 1, and its base optimizer from 0.
    optimizer = optax.contrib.schedule_free(
        BASES[name](lambda step: rates[step]), lambda step: rates[step - 1], BETA1
    )
    update = jax.jit(optimizer.update)
    with jax.numpy_dtype_promotion("standard"):
        state = optimizer.init(params)
        for step in range(NUM_STEPS):
            gradient = draw_tree(rng)
            change, states = evaluate(program, weights, gradient, states, np.float32(rate(step)))
            weights = jax.tree.map(jnp.subtract, weights, change)
            average = jax.tree.map(
                lambda y, fast: (y - (1 - BETA1) * fast) / BETA1, weights, states[z]
            )
            updates, state = update(gradient, state, params)
            params = optax.apply_updates(params, updates)
            expected = optax.contrib.schedule_free_eval_params(state, params)
            assert_close(average, expected, rtol=1e-5)
    # The point where gradients are taken is another.
    with pytest.raises(AssertionError, match="Mismatched elements"):
        assert_close(weights, average, rtol=1e-3)
