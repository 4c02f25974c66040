"""A vision transformer on digits."""

from lionhunt.proxy_tasks.models.vision_transformer import VisionTransformer
from lionhunt.proxy_tasks.options import DigitsViT
from lionhunt.proxy_tasks.task import Task
from lionhunt.proxy_tasks.tasks.digits import build_digits


def build(options: DigitsViT) -> Task:
    """Build the task."""
    width = options.scaled_width(multiple_of=options.num_heads)

    def make_model(key):
        return VisionTransformer(width, options.num_layers, options.num_heads, key=key)

    return build_digits(options.kind, options, make_model)
