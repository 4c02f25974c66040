"""Cross entropy against NumPy in float64, for ordinary and for huge logits."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from lionhunt.proxy_tasks.metrics import cross_entropy

LABELS = np.array([3, 0, 9, 3])


@pytest.mark.parametrize("size", [0.0, 1.0, 1e4, 1e8, 1e30])
def test_a_guess_costs_what_a_guess_costs(size):
    """Check equal logits of any size; a search must not gain by making them large."""
    losses = cross_entropy(jnp.full((4, 10), size), jnp.asarray(LABELS))
    np.testing.assert_allclose(losses, np.log(10), rtol=1e-6)


@pytest.mark.parametrize("size", [1e-3, 1.0, 100.0])
@pytest.mark.parametrize("offset", [0.0, 1e3])
def test_loss_and_gradient_are_those_of_float64(rng, size, offset):
    logits = (size * rng.normal(size=(4, 10)) + offset).astype(np.float32)
    expected = -np.take_along_axis(log_softmax(logits.astype(float), -1), LABELS[:, None], -1)[:, 0]
    losses = cross_entropy(jnp.asarray(logits), jnp.asarray(LABELS))
    np.testing.assert_allclose(losses, expected, rtol=1e-5, atol=1e-6)
    gradient = jax.grad(lambda x: cross_entropy(x, jnp.asarray(LABELS)).sum())(jnp.asarray(logits))
    expected = softmax(logits.astype(float), -1) - np.eye(10)[LABELS]
    np.testing.assert_allclose(gradient, expected, atol=1e-5)
