"""Training and validation data of a task, and the digest of its content."""

import hashlib
from typing import Any, NamedTuple

import numpy as np

from lionhunt.errors import LionhuntError


class DataError(LionhuntError):
    """Missing or unusable data: one line that says what to do."""


class Split(NamedTuple):
    """Training and validation data: NumPy arrays; JAX arrays in a task."""

    train: tuple[Any, ...]
    validation: tuple[Any, ...]


def digest(*arrays: np.ndarray) -> str:
    """Return 16 hexadecimal digits that identify the content of arrays."""
    content = hashlib.sha256()
    for array in arrays:
        content.update(f"{array.dtype}{array.shape}".encode())
        # A memory view is hashed without a copy.
        content.update(np.ascontiguousarray(array).reshape(-1).data)
    return content.hexdigest()[:16]
