"""Small training problems that optimizers are scored on; each takes any optax optimizer."""

from typing import get_args

from proxy_tasks.captions import DigitsCaptions
from proxy_tasks.conv import DigitsConv
from proxy_tasks.diffusion import DigitsDiffusion
from proxy_tasks.finetuning import DigitsFinetuning
from proxy_tasks.image_vit import ImageViT
from proxy_tasks.language import StdlibLM
from proxy_tasks.masked_language import StdlibMLM
from proxy_tasks.mlp import DigitsMLP
from proxy_tasks.task import Task, TaskError
from proxy_tasks.text_lm import TextLM
from proxy_tasks.train import Training, train
from proxy_tasks.vit import DigitsViT

FamilyOptions = (
    DigitsMLP
    | DigitsViT
    | DigitsConv
    | DigitsDiffusion
    | DigitsCaptions
    | DigitsFinetuning
    | StdlibLM
    | StdlibMLM
    | ImageViT
    | TextLM
)
"""The options of any family of tasks: a new family is named here, and everything knows it."""
FAMILIES: dict[str, type[FamilyOptions]] = {each.kind: each for each in get_args(FamilyOptions)}
"""The options of every family of tasks, by the family's name; `FAMILIES[name]().build()`."""

__all__ = [
    "FAMILIES",
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
    "TaskError",
    "TextLM",
    "Training",
    "train",
]
