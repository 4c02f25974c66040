"""Every task kind: shapes, determinism, data, options, and the inputs of the models."""

import dataclasses
import sysconfig
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt.proxy_tasks import FAMILIES, DataError, DigitsMLP, StdlibLM
from lionhunt.proxy_tasks.data import bundled
from lionhunt.proxy_tasks.data.dataset import digest
from lionhunt.proxy_tasks.models.language_model import LanguageModel
from lionhunt.proxy_tasks.models.vision_transformer import to_patches
from tests.support import data_files as small_files
from tests.support.compiling import compile_quickly

TINY: dict[str, Any] = {"num_steps": 20, "batch_size": 4, "width": 8}
SMALL: dict[str, dict[str, Any]] = {
    "digits_mlp": TINY,
    "digits_vit": TINY | {"num_layers": 1},
    "digits_conv": TINY,
    "digits_diffusion": TINY,
    "digits_captions": TINY | {"batch_size": 10},
    "digits_finetuning": TINY | {"pretraining_steps": 2},
    "stdlib_lm": TINY | {"num_layers": 1},
    "stdlib_mlm": TINY | {"num_layers": 1},
    "image_vit": small_files.image_options(),
    "text_lm": small_files.text_options(),
}
GUESSING = dict.fromkeys(FAMILIES, np.log(10)) | {
    "digits_diffusion": 1.0,
    "digits_finetuning": np.log(5),
    "stdlib_lm": np.log(bundled.VOCABULARY_SIZE),
    "stdlib_mlm": np.log(bundled.VOCABULARY_SIZE),
    "text_lm": np.log(small_files.VOCABULARY_SIZE),
}
"""Loss of answers that ignore the input."""
every_family = pytest.mark.parametrize("name", FAMILIES)
QUICK = ("digits_mlp", "stdlib_lm", "digits_captions", "image_vit")
quick_families = pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in QUICK else [pytest.mark.slow]) for name in FAMILIES],
)
"""Families whose compilation is quick or of its own kind; the others run with `-m slow`."""


def small(name, **changes):
    return FAMILIES[name](**SMALL[name] | changes)


def equal(a, b):
    leaves = zip(jax.tree.leaves(a), jax.tree.leaves(b), strict=True)
    return all(np.array_equal(x, y) for x, y in leaves)


@quick_families
def test_everything_random_comes_from_the_key(name, key):
    task, again = small(name).build(), small(name).build()
    other = jax.random.key(1)
    assert equal(task.init(task.data, key), again.init(again.data, key))
    assert equal(task.batch(task.data, key), again.batch(again.data, key))
    assert not equal(task.init(task.data, key), task.init(task.data, other))
    assert not equal(task.batch(task.data, key), task.batch(task.data, other))
    assert task.digest == again.digest


@quick_families
def test_loss_and_score_of_an_untrained_model_are_those_of_guessing(name, key):
    task = small(name).build()

    def untrained(data, key):
        params = task.init(data, key)
        return task.loss(params, task.batch(data, key)), task.score(params, data)

    loss, score = compile_quickly(untrained)(task.data, key)
    assert loss.shape == score.shape == ()
    assert loss == pytest.approx(GUESSING[name], rel=0.3)
    if task.higher_is_better:
        assert 0 <= score <= 0.4
    else:
        assert score == pytest.approx(GUESSING[name], rel=0.3)


@every_family
def test_parameters_are_arrays_of_float32(name, key):
    task = small(name).build()
    leaves = jax.tree.leaves(task.init(task.data, key))
    assert leaves and all(leaf.dtype == jnp.float32 for leaf in leaves)
    assert task.num_parameters == sum(leaf.size for leaf in leaves)


@every_family
def test_digest_names_the_options(name):
    digests = {small(name, **{k: v}).build().digest for k, v in (("num_steps", 7), ("width", 6))}
    assert len(digests | {small(name).build().digest}) == 3


@every_family
def test_scale_grows_model_and_steps_together(name):
    task, large = small(name).build(), small(name, scale=16.0).build()

    assert large.num_steps == 4 * task.num_steps
    assert 1.5 < large.num_parameters / task.num_parameters < 5


@every_family
def test_schedule_warms_up_to_one_and_decays_to_zero(name):
    task = small(name, num_steps=100).build()
    values = np.array([task.schedule(step) for step in range(task.num_steps + 1)])
    assert values.argmax() == 5 and values.max() == 1
    assert 0 < values[0] < values[1] and values[-1] == pytest.approx(0, abs=1e-6)


@every_family
@pytest.mark.parametrize("option", ["num_steps", "batch_size", "width", "scale"])
def test_option_out_of_range_is_refused(name, option):
    with pytest.raises(ValueError, match=rf"{option} \(0\) must be positive"):
        small(name, **{option: 0})


def test_width_must_be_a_multiple_of_the_heads():
    with pytest.raises(ValueError, match=r"width \(9\) must be a multiple of num_heads \(2\)"):
        StdlibLM(width=9)


def test_options_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DigitsMLP().width = 3  # pyright: ignore[reportAttributeAccessIssue]


def test_digits_are_split_without_overlap():
    (images, labels), (validation_images, validation_labels) = bundled.load_digits()
    assert images.shape == (1197, 8, 8) and validation_images.shape == (600, 8, 8)
    assert labels.dtype == np.int32 and set(labels) == set(validation_labels) == set(range(10))
    assert images.min() == 0 and images.max() == 1
    training_images = {image.tobytes() for image in images}
    assert not any(image.tobytes() in training_images for image in validation_images)


def test_text_is_the_source_of_other_modules_for_validation():
    (train,), (validation,) = bundled.load_stdlib_text()
    assert not set(bundled.TRAIN_MODULES) & set(bundled.VALIDATION_MODULES)
    assert train.dtype == np.uint8 and train.max() == bundled.VOCABULARY_SIZE - 1
    assert len(train) > 500_000 and len(validation) > 100_000
    text = "".join((bundled.ALPHABET + "?")[token] for token in train)
    assert "import sys" in text and "class ArgumentParser" in text


def test_missing_source_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    bundled.load_stdlib_text.cache_clear()
    with pytest.raises(DataError, match="choose tasks without it"):
        StdlibLM().build()


def test_digest_of_data_sees_values_and_shapes():
    zeros = np.zeros(4)
    digests = {digest(a) for a in (zeros, zeros + 1, zeros[:2], zeros.reshape(2, 2))}
    assert len(digests) == 4


def test_language_model_does_not_see_the_future(key):
    model = LanguageModel(8, 8, 2, 2, key=key)
    tokens = jnp.arange(8)
    logits, changed = model(tokens), model(tokens.at[5].set(40))
    assert np.array_equal(logits[:5], changed[:5])
    assert not np.allclose(logits[5:], changed[5:])


def test_patches_are_the_quarters_of_an_image():
    image = jnp.arange(64.0).reshape(8, 8)
    quarters = [image[r : r + 4, c : c + 4].ravel() for r in (0, 4) for c in (0, 4)]
    assert np.array_equal(to_patches(image), np.stack(quarters))


@pytest.mark.parametrize("name", ["digits_mlp", "digits_vit"])
def test_digits_can_be_validated_by_their_loss(name, key):
    task = small(name, metric="loss").build()
    params = task.init(task.data, key)
    assert task.score(params, task.data) == task.loss(params, bundled.load_digits().validation)
    assert task.metric == "loss (nats an image)" and not task.higher_is_better
    assert small(name).build().higher_is_better
