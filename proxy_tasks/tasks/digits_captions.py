"""Image-text contrast: images of digits and captions that spell them are brought together."""

import dataclasses
from typing import Any, Literal, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.proxy_tasks.data.bundled import NUM_CLASSES, load_digits
from lionhunt.proxy_tasks.data.dataset import digest
from lionhunt.proxy_tasks.metrics import METRICS, mean_loss
from lionhunt.proxy_tasks.models.contrastive import ALPHABET, CAPTION_LENGTH, ContrastiveModel
from lionhunt.proxy_tasks.models.transformer import TransformerOptions
from lionhunt.proxy_tasks.task import Task, split_model

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
    """The captions of all digits: tokens of shape (10, CAPTION_LENGTH), padded with spaces."""
    texts = [template.format(word=word, numeral=i) for i, word in enumerate(WORDS)]
    tokens = [[ALPHABET.index(c) for c in text.ljust(CAPTION_LENGTH)] for text in texts]
    return np.array(tokens, np.int32)


class CaptionData(NamedTuple):
    """Images and captions.

    Attributes:
        images: to train on, ordered by digit, shape=(n, 8, 8).
        starts: where each digit begins among them, and the end, shape=(11,).
        captions: of every digit, shape=(templates, 10, CAPTION_LENGTH).
        validation: images and their digits.
    """

    images: Any
    starts: Any
    captions: Any
    validation: tuple[Any, ...]


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsCaptions(TransformerOptions):
    """Digits and their captions by two encoders; stands for CLIP.

    A batch is made of groups with one image of each digit, and a caption of each digit. In a group
    every image has exactly one caption that fits, so the loss is CLIP's as it stands (Radford et
    al., 2021, arXiv:2103.00020, figure 3): the mean of the cross entropy over captions and of that
    over images, averaged over groups. Images drawn at random would share captions, and a caption
    that fits would be pushed away. The score is that of zero-shot classification as CLIP does it:
    a validation image takes the digit whose captions, averaged over templates, fit it best.

    An evaluation takes 0.26 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_captions"] = "digits_captions"
    num_steps: int = 200
    batch_size: int = 40
    """Images a step, a multiple of 10; captions are 10."""
    width: int = 32
    """Of the text encoder and of what is compared; images have half as many channels."""
    num_layers: int = 1
    num_heads: int = 2
    metric: Literal["accuracy", "loss"] = "accuracy"
    """Of the classification: the share of right answers, or the cross entropy in nats."""

    def __post_init__(self):
        super().__post_init__()
        if self.batch_size % NUM_CLASSES:
            raise ValueError(f"batch_size ({self.batch_size}) must be a multiple of {NUM_CLASSES}")

    def build(self) -> Task:
        """The task."""
        (images, labels), validation = load_digits()
        order = np.argsort(labels, kind="stable")
        starts = np.searchsorted(labels[order], np.arange(NUM_CLASSES + 1))
        captions = np.stack([make_captions(template) for template in TEMPLATES])
        data = CaptionData(images[order], starts, captions, validation)
        width = self.scaled_width(multiple_of=self.num_heads)
        init, to_model = split_model(
            lambda key: ContrastiveModel(width, self.num_layers, self.num_heads, key=key)
        )
        num_groups = self.batch_size // NUM_CLASSES
        digits = jnp.arange(NUM_CLASSES)

        def batch(data, key):
            image_key, template_key = jax.random.split(key)
            shape = (num_groups, NUM_CLASSES)
            chosen = jax.random.randint(
                image_key, shape, data.starts[None, :-1], data.starts[None, 1:]
            )
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

        metric = METRICS[self.metric]
        return Task(
            self.kind,
            self.scaled_steps,
            jax.tree.map(jnp.asarray, data),
            init,
            batch,
            loss,
            score,
            metric=f"zero-shot {metric.name}",
            higher_is_better=metric.higher_is_better,
            digest=self.digest(digest(images, labels, *validation, captions)),
        )
