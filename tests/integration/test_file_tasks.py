"""Tasks on data in files: they learn, score in slices, and their digest depends on content."""

import dataclasses
import shutil
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.proxy_tasks import DataError, ImageViT, TextLM, train
from lionhunt.proxy_tasks.data.tokenizer import END
from lionhunt.proxy_tasks.tasks.image_vit import normalize
from tests.support.compiling import compile_quickly
from tests.support.data_files import (
    VOCABULARY_SIZE,
    image_options,
    make_images,
    text_options,
    write_arrays,
)

IMAGE = dataclasses.replace(ImageViT(**image_options()), num_steps=60, batch_size=8)
TEXT = dataclasses.replace(
    TextLM(**text_options()), num_steps=60, batch_size=8, metric="perplexity"
)
SMALL = {"image_vit": IMAGE, "text_lm": TEXT}


@pytest.fixture(scope="module", params=SMALL)
def trained(request):
    """Return a task and its trainings with learning rates 0 and 0.01, side by side."""
    task = SMALL[request.param].build()

    def run(rate, data):
        key = jax.random.key(0)
        return train(dataclasses.replace(task, data=data), optax.adam(rate), key)

    lanes = compile_quickly(jax.vmap(run, in_axes=(0, None)))
    return task, lanes(jnp.array([0.0, 0.01]), task.data)


@pytest.mark.slow
def test_adam_learns(trained):
    task, training = trained
    untrained, score = training.score
    if task.higher_is_better:
        assert untrained < 0.4 and score > 0.9
    else:
        assert untrained == pytest.approx(VOCABULARY_SIZE, rel=0.4) and score < untrained / 4
    assert (training.curve[1, -1] < training.curve[0, -1] / 2).all()


@pytest.mark.parametrize("name", SMALL)
def test_score_in_slices_is_that_of_all_at_once(name, key):
    options = SMALL[name]
    task, of_loss = options.build(), dataclasses.replace(options, metric="loss").build()

    def score(params, data):
        whole = data.validation
        if name == "image_vit":
            whole = (normalize(whole[0]), whole[1])
        at_once = task.loss(params, whole if len(whole) > 1 else whole[0])
        return task.score(params, data), of_loss.score(params, data), at_once

    value, loss, at_once = map(float, compile_quickly(score)(task.init(task.data, key), task.data))
    assert loss == pytest.approx(at_once, rel=1e-5)
    expected = np.exp(at_once) if name == "text_lm" else round(value * 30) / 30
    assert value == pytest.approx(expected, rel=1e-5)


def test_images_of_a_batch_are_those_of_the_file_in_minus_one_to_one(key):
    task = IMAGE.build()
    images, labels = task.batch(task.data, key)
    assert images.shape == (8, 3, 8, 8) and images.dtype == jnp.float32
    train_images, train_labels = make_images(60, seed=1)
    for image, label in zip(np.asarray(images), labels, strict=True):
        same = np.isclose(image, train_images / 127.5 - 1, atol=1e-6).all((1, 2, 3))
        assert same.sum() == 1 and train_labels[same.argmax()] == label


def test_sequences_of_a_batch_are_windows_of_the_text(key):
    task = TEXT.build()
    (text,) = (np.asarray(part) for part in task.data.train)
    tokens = np.asarray(task.batch(task.data, key))
    assert tokens.shape == (8, 9) and tokens.dtype == np.int32
    windows = {window.tobytes() for window in np.lib.stride_tricks.sliding_window_view(text, 9)}
    assert all(row.astype(np.uint16).tobytes() in windows for row in tokens)
    # Sentences are packed end to end.
    assert END in tokens


def test_data_that_moves_keeps_its_digest_and_data_that_changes_does_not(tmp_path):
    for options in SMALL.values():
        folder = Path(shutil.copytree(options.path, tmp_path / options.kind))
        moved = dataclasses.replace(options, path=str(folder))
        digest = options.build().digest
        assert moved.build().digest == digest
        if options.kind == "text_lm":
            first = next(folder.glob("training*/*1-*"))
            first.write_text(first.read_text("utf-8").replace("Monday", "Friday", 1), "utf-8")
        else:
            images, labels = make_images(30, seed=2)
            images[7, 1, 2, 3] ^= 1
            write_arrays(folder / "val_data.npz", images, labels)
        assert moved.build().digest != digest


def test_defaults_are_the_sizes_of_the_paper():
    image, text = ImageViT(), TextLM()
    assert (image.num_layers, image.width, image.num_heads, image.patch) == (3, 96, 3, 16)
    assert (image.num_steps, image.batch_size, image.image_size) == (30_000, 64, 64)
    assert (text.num_layers, text.width, text.num_heads, text.length) == (2, 128, 2, 32)
    assert (text.num_steps, text.batch_size, text.vocabulary_size) == (20_000, 64, 3000)


@pytest.mark.parametrize(
    "family, changes, message",
    [
        (ImageViT, {"patch": 15}, r"image_size \(64\) must be a multiple of patch \(15\)"),
        (TextLM, {"vocabulary_size": 2**16 + 1}, r"vocabulary_size \(65537\) must be 65,536 at"),
        (TextLM, {"max_megabytes": 2001}, r"max_megabytes \(2001\) must be 2,000 at most"),
        (ImageViT, {"max_images": 0}, r"max_images \(0\) must be positive"),
    ],
)
def test_option_out_of_range_is_refused(family: Any, changes, message):
    with pytest.raises(ValueError, match=message):
        family(**changes)


def test_text_shorter_than_a_sequence_is_refused(tmp_path):
    folder = Path(shutil.copytree(TEXT.path, tmp_path / "text"))
    next(folder.glob("heldout*/*")).write_text("The bank said .\n")
    with pytest.raises(DataError, match=r"length \(8\) must be less than .*heldout.* is 5 tokens"):
        dataclasses.replace(TEXT, path=str(folder)).build()
