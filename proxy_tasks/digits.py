"""Image classification on scikit-learn's digits, for any model of one image."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp

from proxy_tasks.cross_entropy import cross_entropy
from proxy_tasks.data import digest, load_digits
from proxy_tasks.task import Task, TaskOptions, split_model

NUM_CLASSES = 10


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


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsOptions(TaskOptions):
    """Options of every task on digits."""

    metric: Literal["accuracy", "loss"] = "accuracy"
    """What is validated: the share of right answers, or the cross entropy in nats, which also
    tells how sure the wrong answers were: there regularization shows."""


def digits_task(name: str, options: DigitsOptions, make_model: Callable[[jax.Array], Any]) -> Task:
    """A task of the options.

    Args:
        name: of the kind of task.
        options: its options.
        make_model: from a key to a model from an image of shape (8, 8) to logits of shape (10,).
    """
    data = load_digits()
    init, to_model = split_model(make_model)

    def batch(data, key):
        images, labels = data.train
        chosen = jax.random.randint(key, (options.batch_size,), 0, len(labels))
        return images[chosen], labels[chosen]

    def loss(params, batch):
        images, labels = batch
        logits = jax.vmap(to_model(params))(images)
        return mean_loss(logits, labels)

    def score(params, data):
        images, labels = data.validation
        return metric.function(jax.vmap(to_model(params))(images), labels)

    metric = METRICS[options.metric]
    return Task(
        name,
        options.scaled_steps,
        jax.tree.map(jnp.asarray, data),
        init,
        batch,
        loss,
        score,
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        digest=options.digest(digest(*data.train, *data.validation)),
    )
