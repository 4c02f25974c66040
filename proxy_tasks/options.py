"""Options of every task kind: the keys of `[[tasks]]` in a configuration.

This module imports neither NumPy nor JAX, so a configuration is checked at once. The module
`proxy_tasks.tasks.KIND` builds the task.
"""

import dataclasses
from typing import Literal, get_args

from lionhunt.proxy_tasks.task_options import TaskOptions

MAX_VOCABULARY_SIZE = 2**16
"""Tokens are uint16."""
MAX_MEGABYTES = 2000
"""Tokens are numbered by int32."""
LM1B_TRAIN = "training-monolingual.tokenized.shuffled/news.en-*"
LM1B_VALIDATION = "heldout-monolingual.tokenized.shuffled/news.en.heldout-00000-of-00050"


@dataclasses.dataclass(frozen=True, kw_only=True)
class TransformerOptions(TaskOptions):
    """Options of every task with a Transformer."""

    num_layers: int
    """Blocks of attention and an MLP."""
    num_heads: int
    """Attention heads; the width is a multiple of it."""

    def __post_init__(self):
        super().__post_init__()
        if self.width % self.num_heads:
            raise ValueError(
                f"width ({self.width}) must be a multiple of num_heads ({self.num_heads})"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsOptions(TaskOptions):
    """Options of every classification of digits."""

    metric: Literal["accuracy", "loss"] = "accuracy"
    """Validation metric: the share of right answers, or the cross entropy in nats. The cross
    entropy also measures the confidence in wrong answers, so it shows regularization."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StdlibOptions(TransformerOptions):
    """Options of every task on the source of the standard library."""

    length: int = 16
    """Characters of context."""
    num_validation: int = 128
    """Sequences to validate on."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsMLP(DigitsOptions):
    """Digits by an MLP: the cheapest real task; stands for image classification.

    An evaluation takes 0.03 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_mlp"] = "digits_mlp"
    num_steps: int = 500
    batch_size: int = 64
    width: int = 32
    depth: int = 2
    """Hidden layers."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsViT(DigitsOptions, TransformerOptions):
    """Digits by a ViT; stands for the paper's ViT on ImageNet.

    An evaluation takes 0.31 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_vit"] = "digits_vit"
    num_steps: int = 200
    batch_size: int = 64
    width: int = 32
    num_layers: int = 2
    num_heads: int = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsConv(DigitsOptions):
    """Digits by a convolutional network, whose weights are shared over the image.

    An evaluation takes 0.22 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_conv"] = "digits_conv"
    num_steps: int = 400
    batch_size: int = 32
    width: int = 16
    """Channels at scale 1."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsDiffusion(TaskOptions):
    """Digits denoised by an MLP; stands for diffusion models on ImageNet.

    The loss is the mean squared error of the predicted noise, `E (noise - model(x_t, t))^2`. Times
    t are drawn evenly. This is the simple loss of Ho et al. (2020, equation 14). A model that
    predicts 0 has a loss of 1. Noise and times of the validation are always the same.

    An evaluation takes 0.10 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_diffusion"] = "digits_diffusion"
    num_steps: int = 500
    batch_size: int = 64
    width: int = 64
    depth: int = 2
    """Hidden layers."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsCaptions(TransformerOptions):
    """Digits and their captions by two encoders; stands for CLIP.

    A batch consists of groups with one image of each digit, and of one caption of each digit. In a
    group every image has exactly one fitting caption. The loss is therefore CLIP's, unchanged
    (Radford et al., 2021, arXiv:2103.00020, figure 3). It is the mean of two cross entropies, over
    captions and over images, averaged over groups. Images drawn at random would share captions,
    and the loss would push fitting captions away. The score is CLIP's zero-shot classification: a
    validation image gets the digit whose captions, averaged over templates, fit it best.

    An evaluation takes 0.30 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_captions"] = "digits_captions"
    num_steps: int = 200
    batch_size: int = 40
    """Images in a batch, a multiple of 10; a batch has 10 captions."""
    width: int = 32
    """Width of the text encoder and of the encodings; images have half as many channels."""
    num_layers: int = 1
    num_heads: int = 2
    metric: Literal["accuracy", "loss"] = "accuracy"
    """Metric of the classification: the share of right answers, or the cross entropy in nats."""

    def __post_init__(self):
        super().__post_init__()
        if self.batch_size % 10:
            raise ValueError(f"batch_size ({self.batch_size}) must be a multiple of 10")


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsFinetuning(DigitsOptions):
    """Digits 5 to 9 by a convolutional network pretrained on 0 to 4; stands for fine-tuning.

    The key initializes the head. The other parameters start at the result of a pretraining by
    Adam, the same for every key. All parameters are trained. A process pretrains once, when it
    builds the task; evaluations do not include it.

    An evaluation takes 0.08 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_finetuning"] = "digits_finetuning"
    num_steps: int = 200
    batch_size: int = 32
    width: int = 16
    """Channels at scale 1."""
    num_examples: int = 100
    """Images to fine-tune on; there are about 600."""
    pretraining_steps: int = 200
    """Steps of pretraining at scale 1, with batches of the same size."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class StdlibLM(StdlibOptions):
    """Characters by a Transformer; stands for the paper's language model on LM1B.

    An evaluation takes 0.30 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["stdlib_lm"] = "stdlib_lm"
    num_steps: int = 200
    batch_size: int = 16
    width: int = 32
    num_layers: int = 2
    num_heads: int = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class StdlibMLM(StdlibOptions):
    """Hidden characters by a Transformer; stands for the pretraining of BERT.

    An evaluation takes 0.29 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["stdlib_mlm"] = "stdlib_mlm"
    num_steps: int = 400
    batch_size: int = 16
    width: int = 32
    num_layers: int = 1
    num_heads: int = 2


@dataclasses.dataclass(frozen=True, kw_only=True)
class ImageViT(TransformerOptions):
    """Images in files by a ViT; with its defaults, the paper's proxy on ImageNet.

    The module `proxy_tasks.data.image_files` describes the files. The task neither flips nor crops
    images, because the paper does not mention it. The digest depends on the content of the files,
    not on their path.

    An evaluation takes 2,300 s of one core of an AMD EPYC, with AdamW, at the paper's size.
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
    """Number of labels, from 0."""
    max_images: int = 128_116
    """Most images to train on, the first of the files; a tenth of ImageNet is the first file."""
    num_validation: int = 10_000
    """Most images to validate on, spread evenly over the files."""
    metric: Literal["accuracy", "loss"] = "accuracy"
    """Validation metric: the share of right answers, or the cross entropy in nats."""

    def __post_init__(self):
        super().__post_init__()
        if self.image_size % self.patch:
            raise ValueError(
                f"image_size ({self.image_size}) must be a multiple of patch ({self.patch})"
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class TextLM(TransformerOptions):
    """Byte pairs of text in files by a Transformer; with its defaults, the paper's proxy on LM1B.

    The module `proxy_tasks.data.text_files` describes the files. The digest depends on the content
    of the files, not on their names.

    An evaluation takes 5,800 s of one core of an AMD EPYC, with AdamW, at the paper's size.
    """

    kind: Literal["text_lm"] = "text_lm"
    num_steps: int = 20_000
    batch_size: int = 64
    width: int = 128
    num_layers: int = 2
    num_heads: int = 2
    path: str = dataclasses.field(default="data/lm1b", repr=False)
    """Folder of the text."""
    train_files: str = dataclasses.field(default=LM1B_TRAIN, repr=False)
    """Files to train on: a pattern of names in the folder, as `*.txt`."""
    validation_files: str = dataclasses.field(default=LM1B_VALIDATION, repr=False)
    """Files to validate on."""
    max_megabytes: int = 200
    """Most text to train on, the first of the files, in millions of characters. All steps of the
    paper's task together read 41 M tokens; as 3,000 byte pairs that is about 130."""
    vocabulary_size: int = 3000
    """Byte pairs; built from the text to train on."""
    length: int = 32
    """Tokens of context."""
    num_validation: int = 2048
    """Sequences to validate on, spread evenly over the text; they may overlap."""
    metric: Literal["perplexity", "loss"] = "perplexity"
    """Validation metric: the perplexity of a token, or its logarithm, the loss in nats."""

    def __post_init__(self):
        super().__post_init__()
        for name, limit in (
            ("vocabulary_size", MAX_VOCABULARY_SIZE),
            ("max_megabytes", MAX_MEGABYTES),
        ):
            if (value := getattr(self, name)) > limit:
                raise ValueError(f"{name} ({value}) must be {limit:,} at most")


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
"""Options of any task kind. Add a new kind here; configurations and tables read this union."""
FAMILIES: dict[str, type[FamilyOptions]] = {
    options.kind: options for options in get_args(FamilyOptions)
}
"""Options class of each task kind; `FAMILIES[kind]().build()` builds its task."""
OTHER_KINDS = {"arrays": "lionhunt.proxy_tasks.array_options:Arrays"}
"""Task classes that come with the package, as one of a user would; their data is the user's."""
