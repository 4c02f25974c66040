"""Image classification on scikit-learn's digits, for any model of one image."""

import dataclasses
from collections.abc import Callable
from typing import Any, Literal

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.data.dataset import digest
from lionhunt.proxy_tasks.metrics import METRICS, mean_loss
from lionhunt.proxy_tasks.task import Task, TaskOptions, split_model


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
