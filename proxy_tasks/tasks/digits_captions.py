"""Image-text contrast: images of digits are matched with captions that spell them."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.proxy_tasks.data.bundled import NUM_CLASSES, load_digits
from lionhunt.proxy_tasks.data.dataset import digest
from lionhunt.proxy_tasks.metrics import METRICS, mean_loss
from lionhunt.proxy_tasks.models.contrastive import ALPHABET, CAPTION_LENGTH, ContrastiveModel
from lionhunt.proxy_tasks.models.splitting import split_model
from lionhunt.proxy_tasks.options import DigitsCaptions
from lionhunt.proxy_tasks.task import Task

WORDS = "zero one two three four five six seven eight nine".split()
TEMPLATES = (
    "a handwritten {word}",
    "the number {word}",
    "{word} in black ink",
    "{word} on white paper",
    "they wrote {word}",
    "this is {word}",
    "digit {numeral} = {word}",
    "{numeral}, written by hand",
)


def make_captions(template: str) -> np.ndarray:
    """Return the captions of all digits: tokens of shape (10, CAPTION_LENGTH), space-padded."""
    texts = [template.format(word=word, numeral=i) for i, word in enumerate(WORDS)]
    tokens = [[ALPHABET.index(c) for c in text.ljust(CAPTION_LENGTH)] for text in texts]
    return np.array(tokens, np.int32)


class CaptionData(NamedTuple):
    """Images and captions.

    Attributes:
        images: training images, ordered by digit, shape=(n, 8, 8).
        starts: index of the first image of each digit, and the number of images, shape=(11,).
        captions: captions of every digit, shape=(templates, 10, CAPTION_LENGTH).
        validation: images and their digits.
    """

    images: Any
    starts: Any
    captions: Any
    validation: tuple[Any, ...]


def build(options: DigitsCaptions) -> Task:
    """Build the task."""
    (images, labels), validation = load_digits()
    order = np.argsort(labels, kind="stable")
    starts = np.searchsorted(labels[order], np.arange(NUM_CLASSES + 1))
    captions = np.stack([make_captions(template) for template in TEMPLATES])
    data = CaptionData(images[order], starts, captions, validation)
    width = options.scaled_width(multiple_of=options.num_heads)
    init, to_model = split_model(
        lambda key: ContrastiveModel(width, options.num_layers, options.num_heads, key=key)
    )
    metric = METRICS[options.metric]
    num_groups = options.batch_size // NUM_CLASSES
    digits = jnp.arange(NUM_CLASSES)

    def batch(data, key):
        image_key, template_key = jax.random.split(key)
        shape = (num_groups, NUM_CLASSES)
        starts, stops = data.starts[None, :-1], data.starts[None, 1:]
        chosen = jax.random.randint(image_key, shape, starts, stops)
        templates = jax.random.randint(template_key, (NUM_CLASSES,), 0, len(data.captions))
        return data.images[chosen], data.captions[templates, digits]

    def loss(params, batch):
        images, captions = batch
        similarities = to_model(params).compare(images.reshape(-1, 8, 8), captions)
        groups = similarities.reshape(num_groups, NUM_CLASSES, NUM_CLASSES)
        both_ways = jnp.concatenate([groups, groups.mT])
        return mean_loss(both_ways, jnp.tile(digits, (2 * num_groups, 1)))

    def score(params, data):
        images, labels = data.validation
        return metric.function(to_model(params).classify(images, data.captions), labels)

    return Task(
        options.kind,
        options.scaled_steps,
        jax.tree.map(jnp.asarray, data),
        init,
        batch,
        loss,
        score,
        metric=f"zero-shot {metric.name}",
        higher_is_better=metric.higher_is_better,
        digest=options.digest(digest(images, labels, *validation, captions)),
    )
