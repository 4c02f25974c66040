"""A convolutional network on digits."""

from lionhunt.proxy_tasks.models.convnet import ConvNet
from lionhunt.proxy_tasks.options import DigitsConv
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.digits import build_digits


def build(options: DigitsConv) -> Task:
    """Build the task."""
    width = options.scaled_width()
    return build_digits(options.kind, options, lambda key: ConvNet(width, key=key))
