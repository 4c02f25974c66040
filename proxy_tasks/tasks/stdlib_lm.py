"""Language modelling of the standard library's own source, character by character."""

import dataclasses
from typing import Literal

import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.dataset import Split, digest
from lionhunt.proxy_tasks.metrics import cross_entropy
from lionhunt.proxy_tasks.models.language_model import LanguageModel
from lionhunt.proxy_tasks.task import Task, split_model
from lionhunt.proxy_tasks.tasks.stdlib import StdlibOptions, draw_windows, spread_windows


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
