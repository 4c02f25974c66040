"""Language modelling of the standard library's own source, character by character."""

import dataclasses
from typing import Literal

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np

from proxy_tasks.cross_entropy import cross_entropy
from proxy_tasks.data import VOCABULARY_SIZE, DataError, Split, digest, load_stdlib_text
from proxy_tasks.task import Task, split_model
from proxy_tasks.transformer import Transformer, TransformerOptions


class LanguageModel(eqx.Module):
    """A causal Transformer from tokens to the logits of the next ones."""

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
        """From tokens of shape (length,) to logits of shape (length, vocabulary)."""
        return jax.vmap(self.head)(self.transformer(self.embedding[tokens]))


def draw_windows(text: jax.Array, key: jax.Array, num_windows: int, length: int) -> jax.Array:
    """Windows of `length` tokens and the next one, drawn from a text.

    Returns:
        Tokens of shape (num_windows, length + 1), int32.
    """
    window = np.arange(length + 1)
    chosen = jax.random.randint(key, (num_windows, 1), 0, len(text) - len(window))
    return text[chosen + window[None]].astype(jnp.int32)


def spread_windows(text: np.ndarray, num_windows: int, length: int) -> np.ndarray:
    """Windows as of `draw_windows`, spread evenly over a text."""
    window = np.arange(length + 1)
    starts = np.linspace(0, len(text) - len(window), num_windows, dtype=int)
    return text[starts[:, None] + window].astype(np.int32)


@dataclasses.dataclass(frozen=True, kw_only=True)
class StdlibOptions(TransformerOptions):
    """Options of every task on the standard library's source."""

    length: int = 16
    """Characters of context."""
    num_validation: int = 128
    """Sequences to validate on."""

    def load_text(self) -> Split:
        """The text; raises `DataError` where it is not there, or too short."""
        text = load_stdlib_text()
        if self.length >= min(len(part) for (part,) in text):
            raise DataError(f"length ({self.length}) must be less than that of the text")
        return text


@dataclasses.dataclass(frozen=True, kw_only=True)
class StdlibLM(StdlibOptions):
    """Characters by a Transformer; stands for the paper's language model on LM1B."""

    kind: Literal["stdlib_lm"] = "stdlib_lm"
    num_steps: int = 200
    batch_size: int = 16
    width: int = 32
    num_layers: int = 2
    num_heads: int = 2

    def build(self) -> Task:
        """The task; raises `DataError` where Python comes without its source."""
        (train,), (validation,) = self.load_text()
        held_out = jnp.asarray(spread_windows(validation, self.num_validation, self.length))
        width = self.scaled_width(multiple_of=self.num_heads)
        init, to_model = split_model(
            lambda key: LanguageModel(self.length, width, self.num_layers, self.num_heads, key=key)
        )

        def batch(data, key):
            (text,) = data.train
            return draw_windows(text, key, self.batch_size, self.length)

        def loss(params, tokens):
            logits = jax.vmap(to_model(params))(tokens[:, :-1])
            return cross_entropy(logits, tokens[:, 1:]).mean()

        return Task(
            self.kind,
            self.scaled_steps,
            Split((jnp.asarray(train),), (held_out,)),
            init,
            batch,
            loss,
            score=lambda params, data: loss(params, *data.validation),
            metric="loss (nats a character)",
            higher_is_better=False,
            digest=self.digest(digest(train, validation)),
        )
