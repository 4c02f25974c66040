"""A vision transformer, and digits by it."""

import dataclasses
import math
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp

from proxy_tasks.digits import NUM_CLASSES, DigitsOptions, digits_task
from proxy_tasks.task import Task
from proxy_tasks.transformer import Transformer, TransformerOptions

PATCH = 4
"""Pixels along a patch of a digit: four patches an image."""


def to_patches(image: jax.Array, patch: int = PATCH) -> jax.Array:
    """From an image of shape (..., size, size) to its square patches, row by row, one in a row."""
    *channels, size, _ = image.shape
    num = size // patch
    blocks = image.reshape(*channels, num, patch, num, patch)
    return jnp.moveaxis(blocks, (-4, -2), (0, 1)).reshape(num**2, -1)


class VisionTransformer(eqx.Module):
    """Patches embedded, transformed, averaged and classified."""

    embedding: eqx.nn.Linear
    transformer: Transformer
    head: eqx.nn.Linear
    patch: int = eqx.field(static=True)

    def __init__(
        self,
        width: int,
        num_layers: int,
        num_heads: int,
        shape: tuple[int, ...] = (8, 8),
        patch: int = PATCH,
        num_classes: int = NUM_CLASSES,
        *,
        key: jax.Array,
    ):
        keys = jax.random.split(key, 3)
        num_patches = (shape[-1] // patch) ** 2
        self.embedding = eqx.nn.Linear(math.prod(shape) // num_patches, width, key=keys[0])
        self.transformer = Transformer(
            num_patches, width, num_layers, num_heads, causal=False, key=keys[1]
        )
        self.head = eqx.nn.Linear(width, num_classes, key=keys[2])
        self.patch = patch

    def __call__(self, image: jax.Array) -> jax.Array:
        """From an image of `shape` to logits of shape (num_classes,)."""
        tokens = self.transformer(jax.vmap(self.embedding)(to_patches(image, self.patch)))
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
