"""Windows of a text, and the text of the tasks on the standard library's source."""

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.proxy_tasks.data.bundled import load_stdlib_text
from lionhunt.proxy_tasks.data.dataset import DataError, Split
from lionhunt.proxy_tasks.options import StdlibOptions


def draw_windows(text: jax.Array, key: jax.Array, num_windows: int, length: int) -> jax.Array:
    """Draw windows of a text: `length` tokens and the next one.

    Returns:
        Tokens of shape (num_windows, length + 1), int32.
    """
    window = np.arange(length + 1)
    chosen = jax.random.randint(key, (num_windows, 1), 0, len(text) - len(window))
    return text[chosen + window[None]].astype(jnp.int32)


def spread_windows(text: np.ndarray, num_windows: int, length: int) -> np.ndarray:
    """Return windows as in `draw_windows`, spread evenly over a text."""
    window = np.arange(length + 1)
    starts = np.linspace(0, len(text) - len(window), num_windows, dtype=int)
    return text[starts[:, None] + window].astype(np.int32)


def load_text(options: StdlibOptions) -> Split:
    """Load the text of a task.

    Raises:
        DataError: Python comes without its source, or the text is too short.
    """
    text = load_stdlib_text()
    if options.length >= min(len(part) for (part,) in text):
        raise DataError(f"length ({options.length}) must be less than that of the text")
    return text
