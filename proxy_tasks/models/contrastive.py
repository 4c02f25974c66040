"""Encoders of images and captions, trained to agree (CLIP)."""

import equinox as eqx
import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.models.convnet import ConvNet
from lionhunt.proxy_tasks.models.transformer import Transformer

ALPHABET = " 0123456789,=abcdefghijklmnopqrstuvwxyz"
CAPTION_LENGTH = 22
"""Characters of a caption, including trailing spaces."""
FIRST_SCALE = 5.0
"""Initial scale of the cosines. With CLIP's 14, untrained encoders do worse than guessing."""


class TextEncoder(eqx.Module):
    """A Transformer over the characters of a caption, averaged."""

    embedding: jax.Array
    transformer: Transformer
    head: eqx.nn.Linear

    def __init__(self, width: int, num_layers: int, num_heads: int, *, key: jax.Array):
        keys = jax.random.split(key, 3)
        self.embedding = 0.1 * jax.random.normal(keys[0], (len(ALPHABET), width))
        self.transformer = Transformer(
            CAPTION_LENGTH, width, num_layers, num_heads, causal=False, key=keys[1]
        )
        self.head = eqx.nn.Linear(width, width, key=keys[2])

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Encode tokens of shape (CAPTION_LENGTH,) as a vector of shape (width,)."""
        return self.head(self.transformer(self.embedding[tokens]).mean(0))


class ContrastiveModel(eqx.Module):
    """An encoder of images, one of captions, and the learned scale of their cosines."""

    image_encoder: ConvNet
    text_encoder: TextEncoder
    log_scale: jax.Array

    def __init__(self, width: int, num_layers: int, num_heads: int, *, key: jax.Array):
        keys = jax.random.split(key)
        self.image_encoder = ConvNet(max(1, width // 2), width, key=keys[0])
        self.text_encoder = TextEncoder(width, num_layers, num_heads, key=keys[1])
        self.log_scale = jnp.log(FIRST_SCALE)

    def compare(self, images: jax.Array, captions: jax.Array) -> jax.Array:
        """Return the scaled cosines between encoded images and encoded captions.

        Args:
            images: shape=(n, 8, 8).
            captions: shape=(m, CAPTION_LENGTH).

        Returns:
            Shape (n, m).
        """
        return self._compare(images, normalize(jax.vmap(self.text_encoder)(captions)))

    def classify(self, images: jax.Array, captions: jax.Array) -> jax.Array:
        """Return the scaled cosines between images and the mean encoding of several captions.

        Args:
            images: shape=(n, 8, 8).
            captions: shape=(templates, m, CAPTION_LENGTH).

        Returns:
            Shape (n, m).
        """
        texts = normalize(jax.vmap(jax.vmap(self.text_encoder))(captions))
        return self._compare(images, normalize(texts.mean(0)))

    def _compare(self, images: jax.Array, texts: jax.Array) -> jax.Array:
        images = normalize(jax.vmap(self.image_encoder)(images))
        return jnp.exp(self.log_scale) * images @ texts.T


def normalize(vectors: jax.Array) -> jax.Array:
    """Scale each row to length 1; a row of zeros stays zero."""
    return vectors * jax.lax.rsqrt(jnp.sum(vectors**2, -1, keepdims=True) + 1e-8)
