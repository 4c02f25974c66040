"""Small training problems that optimizers are scored on; a task takes any optax optimizer.

The package imports neither `dsl` nor `search`. JAX is imported when a task is built.
"""

import importlib
from typing import TYPE_CHECKING, Any

from lionhunt.proxy_tasks.options import (
    FAMILIES,
    OTHER_KINDS,
    DigitsCaptions,
    DigitsConv,
    DigitsDiffusion,
    DigitsFinetuning,
    DigitsMLP,
    DigitsViT,
    FamilyOptions,
    ImageViT,
    StdlibLM,
    StdlibMLM,
    TextLM,
)
from lionhunt.proxy_tasks.task import NUM_CHUNKS, Task
from lionhunt.proxy_tasks.task_errors import TaskCodeError, TaskError

if TYPE_CHECKING:
    from lionhunt.proxy_tasks.data.dataset import DataError
    from lionhunt.proxy_tasks.training import Training, train

__all__ = [
    "FAMILIES",
    "NUM_CHUNKS",
    "OTHER_KINDS",
    "DataError",
    "DigitsCaptions",
    "DigitsConv",
    "DigitsDiffusion",
    "DigitsFinetuning",
    "DigitsMLP",
    "DigitsViT",
    "FamilyOptions",
    "ImageViT",
    "StdlibLM",
    "StdlibMLM",
    "Task",
    "TaskCodeError",
    "TaskError",
    "TextLM",
    "Training",
    "train",
]

_LAZY = {"DataError": "data.dataset", "Training": "training", "train": "training"}
"""Module of each name that needs NumPy or JAX."""


def __getattr__(name: str) -> Any:
    """Import a name of `_LAZY` when it is first used (PEP 562)."""
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_LAZY[name]}"), name)
