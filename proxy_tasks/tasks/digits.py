"""Image classification on scikit-learn's digits, by any model of one image."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.data.dataset import digest
from lionhunt.proxy_tasks.metrics import METRICS, mean_loss
from lionhunt.proxy_tasks.models.splitting import split_model
from lionhunt.proxy_tasks.options import DigitsOptions
from lionhunt.proxy_tasks.task import Task


def build_digits(name: str, options: DigitsOptions, make_model: Callable[[jax.Array], Any]) -> Task:
    """Build a classification task on digits.

    Args:
        name: task kind.
        options: options of the kind.
        make_model: from a key to a model. The model maps an image of shape (8, 8) to logits.
    """
    data = load_digits()
    init, to_model = split_model(make_model)
    metric = METRICS[options.metric]

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
