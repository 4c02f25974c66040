"""A tiny task for tests of training loops."""

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks import Task


def make_line_task():
    """Return a task that compiles fast: fit a line."""

    def loss(params, batch):
        return jnp.mean((params["a"] * batch - 2 * batch) ** 2)

    return Task(
        "line",
        10,
        jnp.linspace(-1, 1, 8)[None],
        init=lambda data, key: {"a": jax.random.normal(key, (3, 1))},
        batch=lambda data, key: data + 0.01 * jax.random.normal(key, (1, 8)),
        loss=loss,
        score=loss,
        metric="loss",
        higher_is_better=False,
        digest="",
    )
