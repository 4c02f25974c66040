"""Image classification on scikit-learn's digits, for any model of one image."""

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

from proxy_tasks.data import digest, load_digits
from proxy_tasks.task import Task, TaskOptions, split_model

NUM_CLASSES = 10


def digits_task(name: str, options: TaskOptions, make_model: Callable[[jax.Array], Any]) -> Task:
    """A task of the options.

    Args:
        name: of the kind of task.
        options: its options.
        make_model: from a key to a model from an image of shape (8, 8) to logits of shape (10,).
    """
    data = load_digits()
    images, labels = map(jnp.asarray, data.train)
    validation_images, validation_labels = map(jnp.asarray, data.validation)
    init, to_model = split_model(make_model)

    def batch(key):
        chosen = jax.random.randint(key, (options.batch_size,), 0, len(labels))
        return images[chosen], labels[chosen]

    def loss(params, batch):
        images, labels = batch
        logits = jax.vmap(to_model(params))(images)
        return optax.softmax_cross_entropy_with_integer_labels(logits, labels).mean()

    def score(params):
        logits = jax.vmap(to_model(params))(validation_images)
        correct = jnp.argmax(logits, -1) == validation_labels
        return jnp.mean(correct.astype(jnp.float32))

    return Task(
        name,
        options.scaled_steps,
        init,
        batch,
        loss,
        score,
        metric="accuracy",
        higher_is_better=True,
        digest=options.digest(digest(*data.train, *data.validation)),
    )
