"""Language modelling of the standard library's own source, character by character."""

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.dataset import Split, digest
from lionhunt.proxy_tasks.metrics import cross_entropy
from lionhunt.proxy_tasks.models.language_model import LanguageModel
from lionhunt.proxy_tasks.models.splitting import split_model
from lionhunt.proxy_tasks.options import StdlibLM
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.stdlib import draw_windows, load_text, spread_windows


def build(options: StdlibLM) -> Task:
    """Build the task."""
    (train,), (validation,) = load_text(options)
    length = options.length
    held_out = jnp.asarray(spread_windows(validation, options.num_validation, length))
    width = options.scaled_width(multiple_of=options.num_heads)
    init, to_model = split_model(
        lambda key: LanguageModel(length, width, options.num_layers, options.num_heads, key=key)
    )

    def batch(data, key):
        (text,) = data.train
        return draw_windows(text, key, options.batch_size, length)

    def loss(params, tokens):
        logits = jax.vmap(to_model(params))(tokens[:, :-1])
        return cross_entropy(logits, tokens[:, 1:]).mean()

    return Task(
        options.kind,
        options.scaled_steps,
        Split((jnp.asarray(train),), (held_out,)),
        init,
        batch,
        loss,
        score=lambda params, data: loss(params, *data.validation),
        metric="loss (nats a character)",
        higher_is_better=False,
        digest=options.digest(digest(train, validation)),
    )
