"""A vision transformer (ViT)."""

import math

import equinox as eqx
import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import NUM_CLASSES
from lionhunt.proxy_tasks.models.transformer import Transformer

PATCH = 4
"""Pixels along a patch of a digit; an image has four patches."""


def to_patches(image: jax.Array, patch: int = PATCH) -> jax.Array:
    """Cut an image of shape (..., size, size) into square patches, one a row."""
    *channels, size, _ = image.shape
    num = size // patch
    blocks = image.reshape(*channels, num, patch, num, patch)
    return jnp.moveaxis(blocks, (-4, -2), (0, 1)).reshape(num**2, -1)


class VisionTransformer(eqx.Module):
    """A Transformer over embedded patches; a linear head classifies the mean."""

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
        """Map an image of `shape` to logits of shape (num_classes,)."""
        tokens = self.transformer(jax.vmap(self.embedding)(to_patches(image, self.patch)))
        return self.head(tokens.mean(0))
