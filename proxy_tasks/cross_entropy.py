"""The loss of whatever is classified: examples, characters, tokens."""

import jax
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
