"""TODO docstring."""

import hashlib
from typing import Any, NamedTuple

import numpy as np

from lionhunt.errors import LionhuntError


class DataError(LionhuntError):
    """Data that is not there: one line that says what to do."""


class Split(NamedTuple):
    """Data to train on and to validate on: arrays of NumPy, or of JAX in a task."""

    train: tuple[Any, ...]
    validation: tuple[Any, ...]


def digest(*arrays: np.ndarray) -> str:
    """Names the content of arrays: 16 hexadecimal digits."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(f"{array.dtype}{array.shape}".encode())
        content.update(np.ascontiguousarray(array).reshape(-1).data)  # nothing is copied
    return content.hexdigest()[:16]
