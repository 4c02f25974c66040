"""Language models: a causal one, and one that predicts masked tokens."""

import equinox as eqx
import jax

from lionhunt.proxy_tasks.data.bundled import VOCABULARY_SIZE
from lionhunt.proxy_tasks.models.transformer import Transformer


class LanguageModel(eqx.Module):
    """A causal Transformer from tokens to the logits of the next tokens."""

    embedding: jax.Array
    transformer: Transformer
    head: eqx.nn.Linear

    def __init__(
        self,
        length: int,
        width: int,
        num_layers: int,
        num_heads: int,
        vocabulary_size: int = VOCABULARY_SIZE,
        *,
        key: jax.Array,
    ):
        keys = jax.random.split(key, 3)
        self.embedding = 0.1 * jax.random.normal(keys[0], (vocabulary_size, width))
        self.transformer = Transformer(
            length, width, num_layers, num_heads, causal=True, key=keys[1]
        )
        self.head = eqx.nn.Linear(width, vocabulary_size, key=keys[2])

    def __call__(self, tokens: jax.Array) -> jax.Array:
        """Map tokens of shape (length,) to logits of shape (length, vocabulary)."""
        return jax.vmap(self.head)(self.transformer(self.embedding[tokens]))


class MaskedLanguageModel(eqx.Module):
    """A bidirectional Transformer from tokens to the logits of the masked ones."""

    embedding: jax.Array
    transformer: Transformer
    head: eqx.nn.Linear

    def __init__(self, length: int, width: int, num_layers: int, num_heads: int, *, key: jax.Array):
        keys = jax.random.split(key, 3)
        self.embedding = 0.1 * jax.random.normal(keys[0], (VOCABULARY_SIZE + 1, width))
        self.transformer = Transformer(
            length, width, num_layers, num_heads, causal=False, key=keys[1]
        )
        self.head = eqx.nn.Linear(width, VOCABULARY_SIZE, key=keys[2])

    def __call__(self, tokens: jax.Array, places: jax.Array) -> jax.Array:
        """Map tokens of shape (length,) and places of shape (n,) to logits (n, vocabulary)."""
        return jax.vmap(self.head)(self.transformer(self.embedding[tokens])[places])
