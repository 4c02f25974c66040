"""A multilayer perceptron on digits."""

import equinox as eqx
import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import NUM_CLASSES
from lionhunt.proxy_tasks.options import DigitsMLP
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.digits import build_digits


def build(options: DigitsMLP) -> Task:
    """Build the task."""
    width = options.scaled_width()

    def make_model(key):
        model = eqx.nn.MLP(64, NUM_CLASSES, width, options.depth, jax.nn.gelu, key=key)
        return eqx.nn.Sequential([eqx.nn.Lambda(jnp.ravel), model])

    return build_digits(options.kind, options, make_model)
