"""Masked language modelling of the standard library's own source, character by character."""

from typing import NamedTuple

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import VOCABULARY_SIZE
from lionhunt.proxy_tasks.data.dataset import Split, digest
from lionhunt.proxy_tasks.metrics import cross_entropy
from lionhunt.proxy_tasks.models.language_model import MaskedLanguageModel
from lionhunt.proxy_tasks.models.splitting import split_model
from lionhunt.proxy_tasks.options import StdlibMLM
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.stdlib import draw_windows, load_text, spread_windows

MASK = VOCABULARY_SIZE
"""Token that replaces a masked one; the model never predicts it."""
SHARE = 0.15
"""Share of tokens that are masked (Devlin et al., 2018, arXiv:1810.04805, section 3.1)."""


class Masked(NamedTuple):
    """Sequences with masked tokens.

    Attributes:
        tokens: input of the model, `MASK` at the masked places, shape=(n, length).
        places: masked places, shape=(n, num_masked).
        targets: original tokens at these places, shape=(n, num_masked).
    """

    tokens: jax.Array
    places: jax.Array
    targets: jax.Array


def mask(tokens: jax.Array, key: jax.Array) -> Masked:
    """Mask 15 % of each sequence, at least one token.

    BERT keeps a tenth of the chosen tokens and replaces a tenth by random ones. It does so because
    fine-tuning never shows a mask. Nothing is fine-tuned here, so every chosen token is masked.

    Args:
        tokens: shape=(n, length), integers.
        key: randomness.
    """
    num_sequences, length = tokens.shape
    order = jnp.argsort(jax.random.uniform(key, (num_sequences, length)), -1)
    places = order[:, : max(1, round(SHARE * length))]
    rows = jnp.arange(num_sequences)[:, None]
    return Masked(tokens.at[rows, places].set(MASK), places, tokens[rows, places])


def build(options: StdlibMLM) -> Task:
    """Build the task."""
    (train,), (validation,) = load_text(options)
    length = options.length
    held_out = jnp.asarray(spread_windows(validation, options.num_validation, length - 1))
    width = options.scaled_width(multiple_of=options.num_heads)
    num_layers, num_heads = options.num_layers, options.num_heads
    init, to_model = split_model(
        lambda key: MaskedLanguageModel(length, width, num_layers, num_heads, key=key)
    )

    def batch(data, key):
        window_key, mask_key = jax.random.split(key)
        (text,) = data.train
        return mask(draw_windows(text, window_key, options.batch_size, length - 1), mask_key)

    def loss(params, masked):
        logits = jax.vmap(to_model(params))(masked.tokens, masked.places)
        return cross_entropy(logits, masked.targets).mean()

    return Task(
        options.kind,
        options.scaled_steps,
        Split((jnp.asarray(train),), mask(held_out, jax.random.key(0))),
        init,
        batch,
        loss,
        score=lambda params, data: loss(params, data.validation),
        metric="loss (nats a masked character)",
        higher_is_better=False,
        digest=options.digest(digest(train, validation)),
    )
