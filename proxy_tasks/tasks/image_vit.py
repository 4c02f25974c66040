"""A vision transformer on images in files."""

import jax
import jax.numpy as jnp
from jax import lax

from lionhunt.proxy_tasks.data.dataset import digest
from lionhunt.proxy_tasks.data.image_files import load_images
from lionhunt.proxy_tasks.metrics import METRICS, mean_loss
from lionhunt.proxy_tasks.models.splitting import split_model
from lionhunt.proxy_tasks.models.vision_transformer import VisionTransformer
from lionhunt.proxy_tasks.options import ImageViT
from lionhunt.proxy_tasks.task import Task


def build(options: ImageViT) -> Task:
    """Build the task."""
    data = load_images(
        options.path,
        options.image_size,
        options.num_classes,
        options.max_images,
        options.num_validation,
    )
    width = options.scaled_width(multiple_of=options.num_heads)
    shape = (3, options.image_size, options.image_size)
    init, to_model = split_model(
        lambda key: VisionTransformer(
            width,
            options.num_layers,
            options.num_heads,
            shape,
            options.patch,
            options.num_classes,
            key=key,
        )
    )
    metric = METRICS[options.metric]

    def batch(data, key):
        images, labels = data.train
        chosen = jax.random.randint(key, (options.batch_size,), 0, len(labels))
        return normalize(images[chosen]), labels[chosen]

    def loss(params, batch):
        images, labels = batch
        return mean_loss(jax.vmap(to_model(params))(images), labels)

    def score(params, data):
        def score_image(example):
            image, label = example
            return metric.function(to_model(params)(normalize(image)), label)

        # A batch at a time, as in training: images are large as float32.
        return lax.map(score_image, data.validation, batch_size=options.batch_size).mean()

    return Task(
        options.kind,
        options.scaled_steps,
        jax.tree.map(jnp.asarray, data),
        init,
        batch,
        loss,
        score,
        metric=metric.name,
        higher_is_better=metric.higher_is_better,
        digest=options.digest(digest(*data.train, *data.validation)),
    )


def normalize(images: jax.Array) -> jax.Array:
    """Map uint8 images to float32 in [-1, 1], as ViT does."""
    return images.astype(jnp.float32) / 127.5 - 1
