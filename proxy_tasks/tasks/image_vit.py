"""Classification of images in files: with its defaults, the paper's proxy on ImageNet."""

import dataclasses
from typing import Literal

import jax
import jax.numpy as jnp
from jax import lax

from lionhunt.proxy_tasks.data.dataset import digest
from lionhunt.proxy_tasks.data.image_files import load_images
from lionhunt.proxy_tasks.metrics import cross_entropy
from lionhunt.proxy_tasks.models.transformer import TransformerOptions
from lionhunt.proxy_tasks.models.vision_transformer import VisionTransformer
from lionhunt.proxy_tasks.task import Task, split_model


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageViT(TransformerOptions):
    """Images by a ViT; see `proxy_tasks.data.image_files` for the files.

    Images are neither flipped nor cropped: the paper does not say that its own are. The path is not
    a part of the task: its digest names what is in the files.
    """

    kind: Literal["image_vit"] = "image_vit"
    num_steps: int = 30_000
    batch_size: int = 64
    width: int = 96
    num_layers: int = 3
    num_heads: int = 3
    path: str = dataclasses.field(default="data/imagenet64", repr=False)
    """Folder of the images."""
    image_size: int = 64
    """Pixels along an image, which is a square."""
    patch: int = 16
    """Pixels along a patch; divides `image_size`."""
    num_classes: int = 1000
    """Labels are below it."""
    max_images: int = 128_116
    """Images to train on at most, the first of the files; a tenth of ImageNet is the first file."""
    num_validation: int = 10_000
    """Images to validate on at most, spread evenly over those that there are."""
    metric: Literal["accuracy", "loss"] = "accuracy"
    """What is validated: the share of right answers, or the cross entropy in nats."""

    def __post_init__(self):
        super().__post_init__()
        if self.image_size % self.patch:
            raise ValueError(
                f"image_size ({self.image_size}) must be a multiple of patch ({self.patch})"
            )

    def build(self) -> Task:
        """The task; raises `DataError` where the files are not there or cannot be used."""
        data = load_images(
            self.path, self.image_size, self.num_classes, self.max_images, self.num_validation
        )
        data_digest = digest(*data.train, *data.validation)
        width = self.scaled_width(multiple_of=self.num_heads)
        shape = (3, self.image_size, self.image_size)
        init, to_model = split_model(
            lambda key: VisionTransformer(
                width,
                self.num_layers,
                self.num_heads,
                shape,
                self.patch,
                self.num_classes,
                key=key,
            )
        )

        def batch(data, key):
            images, labels = data.train
            chosen = jax.random.randint(key, (self.batch_size,), 0, len(labels))
            return normalize(images[chosen]), labels[chosen]

        def loss(params, batch):
            images, labels = batch
            logits = jax.vmap(to_model(params))(images)
            return cross_entropy(logits, labels).mean()

        def score(params, data):
            def of_one(example):
                image, label = example
                logits = to_model(params)(normalize(image))
                if self.metric == "accuracy":
                    return (jnp.argmax(logits) == label).astype(jnp.float32)
                return cross_entropy(logits, label)

            # A batch at a time, as in training: images are large as float32.
            return lax.map(of_one, data.validation, batch_size=self.batch_size).mean()

        is_accuracy = self.metric == "accuracy"
        return Task(
            self.kind,
            self.scaled_steps,
            jax.tree.map(jnp.asarray, data),
            init,
            batch,
            loss,
            score,
            metric="accuracy" if is_accuracy else "loss (nats an image)",
            higher_is_better=is_accuracy,
            digest=self.digest(data_digest),
        )


def normalize(images: jax.Array) -> jax.Array:
    """From uint8 to float32 in [-1, 1], as ViT takes them."""
    return images.astype(jnp.float32) / 127.5 - 1
