"""TODO docstring."""

import dataclasses
from typing import Literal

from lionhunt.proxy_tasks.models.transformer import TransformerOptions
from lionhunt.proxy_tasks.models.vision_transformer import VisionTransformer
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.digits import DigitsOptions, digits_task


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsViT(DigitsOptions, TransformerOptions):
    """Digits by a ViT; stands for the paper's ViT on ImageNet."""

    kind: Literal["digits_vit"] = "digits_vit"
    num_steps: int = 200
    batch_size: int = 64
    width: int = 32
    num_layers: int = 2
    num_heads: int = 2

    def build(self) -> Task:
        """The task."""
        width = self.scaled_width(multiple_of=self.num_heads)

        def make_model(key):
            return VisionTransformer(width, self.num_layers, self.num_heads, key=key)

        return digits_task(self.kind, self, make_model)
