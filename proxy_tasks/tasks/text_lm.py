"""Language modelling of text in files: with its defaults, the paper's proxy on LM1B."""

import dataclasses
from typing import Literal

import jax
import jax.numpy as jnp
from jax import lax

from lionhunt.proxy_tasks.data.dataset import DataError, Split, digest
from lionhunt.proxy_tasks.data.text_files import LM1B_TRAIN, LM1B_VALIDATION, load_text
from lionhunt.proxy_tasks.data.tokenizer import MAX_VOCABULARY_SIZE
from lionhunt.proxy_tasks.metrics import cross_entropy
from lionhunt.proxy_tasks.models.language_model import LanguageModel
from lionhunt.proxy_tasks.models.transformer import TransformerOptions
from lionhunt.proxy_tasks.task import Task, split_model
from lionhunt.proxy_tasks.tasks.stdlib import draw_windows, spread_windows

MEGABYTE = 1_000_000
MAX_MEGABYTES = 2000
"""Tokens are numbered by int32."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextLM(TransformerOptions):
    """Byte pairs by a Transformer; see `proxy_tasks.data.text_files` for the files.

    The names of the files are not a part of the task: its digest names what is in them.
    """

    kind: Literal["text_lm"] = "text_lm"
    num_steps: int = 20_000
    batch_size: int = 64
    width: int = 128
    num_layers: int = 2
    num_heads: int = 2
    path: str = dataclasses.field(default="data/lm1b", repr=False)
    """Folder of the text."""
    train_files: str = dataclasses.field(default=LM1B_TRAIN, repr=False)
    """Files to train on: a pattern of names in the folder, as `*.txt`."""
    validation_files: str = dataclasses.field(default=LM1B_VALIDATION, repr=False)
    """Files to validate on."""
    max_megabytes: int = 200
    """Text to train on at most, the first of the files, in millions of characters. All steps of
    the paper's task together read 41 M tokens; as byte pairs of 3,000 they are about 130."""
    vocabulary_size: int = 3000
    """Byte pairs; built from the text to train on."""
    length: int = 32
    """Tokens of context."""
    num_validation: int = 2048
    """Sequences to validate on, spread evenly over the text; they may overlap."""
    metric: Literal["perplexity", "loss"] = "perplexity"
    """What is validated: the perplexity of a token, or its logarithm, the loss in nats."""

    def __post_init__(self):
        super().__post_init__()
        for name, limit in (
            ("vocabulary_size", MAX_VOCABULARY_SIZE),
            ("max_megabytes", MAX_MEGABYTES),
        ):
            if (value := getattr(self, name)) > limit:
                raise ValueError(f"{name} ({value}) must be {limit:,} at most")

    def build(self) -> Task:
        """The task; raises `DataError` where the files are not there or cannot be used."""
        data = load_text(
            self.path,
            self.train_files,
            self.validation_files,
            self.vocabulary_size,
            self.max_megabytes * MEGABYTE,
        )
        (train,), (validation,) = data
        for tokens, files in ((train, self.train_files), (validation, self.validation_files)):
            if len(tokens) <= self.length + 1:
                raise DataError(
                    f"length ({self.length}) must be less than that of the text in "
                    f"{self.path}/{files}, which is {len(tokens)} tokens"
                )
        held_out = jnp.asarray(spread_windows(validation, self.num_validation, self.length))
        width = self.scaled_width(multiple_of=self.num_heads)
        init, to_model = split_model(
            lambda key: LanguageModel(
                self.length,
                width,
                self.num_layers,
                self.num_heads,
                self.vocabulary_size,
                key=key,
            )
        )

        def batch(data, key):
            (text,) = data.train
            return draw_windows(text, key, self.batch_size, self.length)

        def loss_of_one(params, tokens):
            logits = to_model(params)(tokens[:-1])
            return cross_entropy(logits, tokens[1:]).mean()

        def loss(params, tokens):
            return jax.vmap(lambda one: loss_of_one(params, one))(tokens).mean()

        def score(params, data):
            losses = lax.map(  # a batch at a time, as in training: the logits are large
                lambda one: loss_of_one(params, one), *data.validation, batch_size=self.batch_size
            )
            return jnp.exp(losses.mean()) if self.metric == "perplexity" else losses.mean()

        return Task(
            self.kind,
            self.scaled_steps,
            Split((jnp.asarray(train),), (held_out,)),
            init,
            batch,
            loss,
            score,
            metric=self.metric if self.metric == "perplexity" else "loss (nats a token)",
            higher_is_better=False,
            digest=self.digest(digest(train, validation)),
        )
