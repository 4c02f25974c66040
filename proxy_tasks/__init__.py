"""Small training problems that optimizers are scored on; each takes any optax optimizer."""

from typing import get_args

from lionhunt.proxy_tasks.task import Task, TaskError
from lionhunt.proxy_tasks.tasks.digits_captions import DigitsCaptions
from lionhunt.proxy_tasks.tasks.digits_conv import DigitsConv
from lionhunt.proxy_tasks.tasks.digits_diffusion import DigitsDiffusion
from lionhunt.proxy_tasks.tasks.digits_finetuning import DigitsFinetuning
from lionhunt.proxy_tasks.tasks.digits_mlp import DigitsMLP
from lionhunt.proxy_tasks.tasks.digits_vit import DigitsViT
from lionhunt.proxy_tasks.tasks.image_vit import ImageViT
from lionhunt.proxy_tasks.tasks.stdlib_lm import StdlibLM
from lionhunt.proxy_tasks.tasks.stdlib_mlm import StdlibMLM
from lionhunt.proxy_tasks.tasks.text_lm import TextLM
from lionhunt.proxy_tasks.training import Training, train

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
