"""TODO docstring."""

import dataclasses
from typing import Literal

from lionhunt.proxy_tasks.models.convnet import ConvNet
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.digits import DigitsOptions, digits_task


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsConv(DigitsOptions):
    """Digits by a convolutional network, whose weights are shared over the image.

    An evaluation takes 0.16 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_conv"] = "digits_conv"
    num_steps: int = 400
    batch_size: int = 32
    width: int = 16
    """Channels at scale 1."""

    def build(self) -> Task:
        """The task."""
        width = self.scaled_width()
        return digits_task(self.kind, self, lambda key: ConvNet(width, key=key))
