"""A multilayer perceptron on digits."""

import dataclasses
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import NUM_CLASSES
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.digits import DigitsOptions, digits_task


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsMLP(DigitsOptions):
    """Digits by an MLP: the cheapest real task; stands for image classification."""

    kind: Literal["digits_mlp"] = "digits_mlp"
    num_steps: int = 500
    batch_size: int = 64
    width: int = 32
    depth: int = 2
    """Hidden layers."""

    def build(self) -> Task:
        """The task."""
        width = self.scaled_width()

        def make_model(key):
            model = eqx.nn.MLP(64, NUM_CLASSES, width, self.depth, jax.nn.gelu, key=key)
            return eqx.nn.Sequential([eqx.nn.Lambda(jnp.ravel), model])

        return digits_task(self.kind, self, make_model)
