"""A vision transformer on digits."""

import dataclasses
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from proxy_tasks.digits import NUM_CLASSES, DigitsOptions, digits_task
from proxy_tasks.task import Task
from proxy_tasks.transformer import Transformer, TransformerOptions

PATCH = 4
"""Pixels along a patch: four patches an image."""


def to_patches(image: jax.Array) -> jax.Array:
    """From an image of shape (8, 8) to its quarters, shape=(4, 16), row by row."""
    rows = image.reshape(2, PATCH, 2, PATCH)
    return jnp.transpose(rows, (0, 2, 1, 3)).reshape(4, PATCH * PATCH)


class VisionTransformer(eqx.Module):
    """Patches embedded, transformed, averaged and classified."""

    embedding: eqx.nn.Linear
    transformer: Transformer
    head: eqx.nn.Linear

    def __init__(self, width: int, num_layers: int, num_heads: int, *, key: jax.Array):
        keys = jax.random.split(key, 3)
        self.embedding = eqx.nn.Linear(PATCH * PATCH, width, key=keys[0])
        self.transformer = Transformer(4, width, num_layers, num_heads, causal=False, key=keys[1])
        self.head = eqx.nn.Linear(width, NUM_CLASSES, key=keys[2])

    def __call__(self, image: jax.Array) -> jax.Array:
        """From an image of shape (8, 8) to logits of shape (10,)."""
        tokens = self.transformer(jax.vmap(self.embedding)(to_patches(image)))
        return self.head(tokens.mean(0))


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsViT(DigitsOptions, TransformerOptions):
    """Digits by a ViT; stands for the paper's ViT on ImageNet."""

    kind: Literal["digits_vit"] = "digits_vit"
    num_steps: int = 200
    batch_size: int = 64
    width: int = 32
    num_layers: int = 2
    num_heads: int = 2

    def build(self) -> Task:
        """The task."""
        width = self.scaled_width(multiple_of=self.num_heads)

        def make_model(key):
            return VisionTransformer(width, self.num_layers, self.num_heads, key=key)

        return digits_task(self.kind, self, make_model)
