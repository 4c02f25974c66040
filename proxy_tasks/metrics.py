"""The loss of whatever is classified: examples, characters, tokens."""

from collections.abc import Callable
from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax


def cross_entropy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """Of each label, in nats.

    The largest logit is taken off first. Without that, optax takes one large number from another:
    where all logits are 1e8 they are equal in float32 to their `logsumexp`, and the loss is 0. A
    random search has found that, and an update that makes the logits large.

    Args:
        logits: shape=(..., classes), dtype=float32.
        labels: shape=(...), integers.
    """
    largest = lax.stop_gradient(logits.max(-1, keepdims=True))
    return optax.softmax_cross_entropy_with_integer_labels(logits - largest, labels)


def mean_loss(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """The mean cross entropy of n images, from logits of shape (n, classes), labels of (n,)."""
    return cross_entropy(logits, labels).mean()


def accuracy(logits: jax.Array, labels: jax.Array) -> jax.Array:
    """The share of right answers, from the same."""
    return jnp.mean((jnp.argmax(logits, -1) == labels).astype(jnp.float32))


class Metric(NamedTuple):
    """What is validated: a function of logits and labels, as a task names it."""

    function: Callable[[jax.Array, jax.Array], jax.Array]
    name: str
    higher_is_better: bool


METRICS = {
    "accuracy": Metric(accuracy, "accuracy", True),
    "loss": Metric(mean_loss, "loss (nats an image)", False),
}
