"""Language modelling of text in files, as byte pairs."""

import jax
import jax.numpy as jnp
from jax import lax

from lionhunt.proxy_tasks.data.dataset import DataError, Split, digest
from lionhunt.proxy_tasks.data.text_files import load_text
from lionhunt.proxy_tasks.metrics import cross_entropy
from lionhunt.proxy_tasks.models.language_model import LanguageModel
from lionhunt.proxy_tasks.models.splitting import split_model
from lionhunt.proxy_tasks.options import TextLM
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.stdlib import draw_windows, spread_windows

MEGABYTE = 1_000_000


def build(options: TextLM) -> Task:
    """Build the task."""
    (train,), (validation,) = load_text(
        options.path,
        options.train_files,
        options.validation_files,
        options.vocabulary_size,
        options.max_megabytes * MEGABYTE,
    )
    length = options.length
    for tokens, files in ((train, options.train_files), (validation, options.validation_files)):
        if len(tokens) <= length + 1:
            raise DataError(
                f"length ({length}) must be less than that of the text in "
                f"{options.path}/{files}, which is {len(tokens)} tokens"
            )
    held_out = jnp.asarray(spread_windows(validation, options.num_validation, length))
    width = options.scaled_width(multiple_of=options.num_heads)
    init, to_model = split_model(
        lambda key: LanguageModel(
            length,
            width,
            options.num_layers,
            options.num_heads,
            options.vocabulary_size,
            key=key,
        )
    )

    def batch(data, key):
        (text,) = data.train
        return draw_windows(text, key, options.batch_size, length)

    def sequence_loss(params, tokens):
        logits = to_model(params)(tokens[:-1])
        return cross_entropy(logits, tokens[1:]).mean()

    def loss(params, batch):
        return jax.vmap(lambda tokens: sequence_loss(params, tokens))(batch).mean()

    def score(params, data):
        # A batch at a time, as in training: the logits are large.
        losses = lax.map(
            lambda tokens: sequence_loss(params, tokens),
            *data.validation,
            batch_size=options.batch_size,
        )
        return jnp.exp(losses.mean()) if options.metric == "perplexity" else losses.mean()

    return Task(
        options.kind,
        options.scaled_steps,
        Split((jnp.asarray(train),), (held_out,)),
        init,
        batch,
        loss,
        score,
        metric=options.metric if options.metric == "perplexity" else "loss (nats a token)",
        higher_is_better=False,
        digest=options.digest(digest(train, validation)),
    )
