"""Losses and metrics of classification: of examples, characters or tokens."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the cross entropy of each label, in nats.

    The largest logit is subtracted first, because optax subtracts two large numbers. If all logits
    are 1e8, they equal their `logsumexp` in float32, and optax returns 0. A random search once
    exploited that with an update that makes the logits large.

    Args:
        logits: shape=(..., classes), dtype=float32.
        labels: shape=(...), integers.
    """
    largest = lax.stop_gradient(logits.max(-1, keepdims=True))
    return optax.softmax_cross_entropy_with_integer_labels(logits - largest, labels)


def mean_loss(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the mean cross entropy, in nats, shape=(); arguments as in `cross_entropy`."""
    return cross_entropy(logits, labels).mean()


def accuracy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Return the share of right answers, shape=(); arguments as in `cross_entropy`."""
    return jnp.mean((jnp.argmax(logits, -1) == labels).astype(jnp.float32))


class Metric(NamedTuple):
    """A validation metric: a function of logits and labels, its name and its direction."""

    function: Callable[[jax.Array, jax.Array], jax.Array]
    name: str
    higher_is_better: bool


METRICS = {
    "accuracy": Metric(accuracy, "accuracy", True),
    "loss": Metric(mean_loss, "loss (nats an image)", False),
}
