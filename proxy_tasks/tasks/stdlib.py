"""TODO docstring."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.proxy_tasks.data.bundled import load_stdlib_text
from lionhunt.proxy_tasks.data.dataset import DataError, Split
from lionhunt.proxy_tasks.models.transformer import TransformerOptions


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
