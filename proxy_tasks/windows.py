"""Windows on a text: what a language model of limited length is trained and validated on."""

import jax
import jax.numpy as jnp
import numpy as np


def draw_windows(text: jax.Array, key: jax.Array, num_windows: int, length: int) -> jax.Array:
    """Windows of a number of tokens and the next one, drawn from a text.

    Args:
        text: tokens of shape (n,); n > length + 1.
        key: of what is drawn.
        num_windows: that are drawn.
        length: tokens before the last.

    Returns:
        Tokens of shape (num_windows, length + 1), int32.
    """
    window = np.arange(length + 1)
    chosen = jax.random.randint(key, (num_windows, 1), 0, len(text) - len(window))
    return text[chosen + window[None]].astype(jnp.int32)


def spread_windows(text: np.ndarray, num_windows: int, length: int) -> np.ndarray:
    """Windows as of `draw_windows`, spread evenly over a text; they may overlap."""
    window = np.arange(length + 1)
    starts = np.linspace(0, len(text) - len(window), num_windows, dtype=int)
    return text[starts[:, None] + window].astype(np.int32)
