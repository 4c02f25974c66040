"""Masked language modelling of the standard library's own source, character by character."""

import dataclasses
from typing import Literal, NamedTuple

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import VOCABULARY_SIZE
from lionhunt.proxy_tasks.data.dataset import Split, digest
from lionhunt.proxy_tasks.metrics import cross_entropy
from lionhunt.proxy_tasks.models.language_model import MaskedLanguageModel
from lionhunt.proxy_tasks.task import Task, split_model
from lionhunt.proxy_tasks.tasks.stdlib import StdlibOptions, draw_windows, spread_windows

MASK = VOCABULARY_SIZE
"""The token that stands in the place of a chosen one; the model never predicts it."""
SHARE = 0.15
"""Of the tokens, how many are chosen (Devlin et al., 2018, arXiv:1810.04805, section 3.1)."""


class Masked(NamedTuple):
    """Sequences with tokens to find.

    Attributes:
        tokens: what the model sees, `MASK` at the chosen places, shape=(n, length).
        places: the chosen places, shape=(n, num_chosen).
        targets: the tokens that were there, shape=(n, num_chosen).
    """

    tokens: jax.Array
    places: jax.Array
    targets: jax.Array


def mask(tokens: jax.Array, key: jax.Array) -> Masked:
    """Chooses 15 % of each sequence of shape (n, length), at least one token, and hides them all.

    BERT leaves a tenth of the chosen as they are and replaces a tenth by random tokens, because no
    mask is seen when it is fine-tuned. Nothing is fine-tuned here, so every chosen token is hidden.
    """
    num_sequences, length = tokens.shape
    order = jnp.argsort(jax.random.uniform(key, (num_sequences, length)), -1)
    places = order[:, : max(1, round(SHARE * length))]
    rows = jnp.arange(num_sequences)[:, None]
    return Masked(tokens.at[rows, places].set(MASK), places, tokens[rows, places])


@dataclasses.dataclass(frozen=True, kw_only=True)
class StdlibMLM(StdlibOptions):
    """Hidden characters by a Transformer; stands for the pretraining of BERT.

    An evaluation takes 0.33 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["stdlib_mlm"] = "stdlib_mlm"
    num_steps: int = 400
    batch_size: int = 16
    width: int = 32
    num_layers: int = 1
    num_heads: int = 2

    def build(self) -> Task:
        """The task; raises `DataError` where Python comes without its source."""
        (train,), (validation,) = self.load_text()
        held_out = jnp.asarray(spread_windows(validation, self.num_validation, self.length - 1))
        width = self.scaled_width(multiple_of=self.num_heads)
        init, to_model = split_model(
            lambda key: MaskedLanguageModel(
                self.length, width, self.num_layers, self.num_heads, key=key
            )
        )

        def batch(data, key):
            window_key, mask_key = jax.random.split(key)
            (text,) = data.train
            return mask(draw_windows(text, window_key, self.batch_size, self.length - 1), mask_key)

        def loss(params, masked):
            logits = jax.vmap(to_model(params))(masked.tokens, masked.places)
            return cross_entropy(logits, masked.targets).mean()

        return Task(
            self.kind,
            self.scaled_steps,
            Split((jnp.asarray(train),), mask(held_out, jax.random.key(0))),
            init,
            batch,
            loss,
            score=lambda params, data: loss(params, data.validation),
            metric="loss (nats a masked character)",
            higher_is_better=False,
            digest=self.digest(digest(train, validation)),
        )
