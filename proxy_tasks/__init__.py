"""Small training problems that optimizers are scored on; each takes any optax optimizer."""

from typing import get_args

from proxy_tasks.language import StdlibLM
from proxy_tasks.mlp import DigitsMLP
from proxy_tasks.task import Task
from proxy_tasks.train import Training, train
from proxy_tasks.vit import DigitsViT

FamilyOptions = DigitsMLP | DigitsViT | StdlibLM
"""The options of any family of tasks: a new family is named here, and everything knows it."""
FAMILIES: dict[str, type[FamilyOptions]] = {each.kind: each for each in get_args(FamilyOptions)}
"""The options of every family of tasks, by the family's name; `FAMILIES[name]().build()`."""

__all__ = [
    "FAMILIES",
    "DigitsMLP",
    "DigitsViT",
    "FamilyOptions",
    "StdlibLM",
    "Task",
    "Training",
    "train",
]
