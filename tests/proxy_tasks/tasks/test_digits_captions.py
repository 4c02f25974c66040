"""Image-text contrast: fitting captions, the loss by hand, and classification by captions."""

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt.proxy_tasks import DigitsCaptions
from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.models.contrastive import (
    ALPHABET,
    FIRST_SCALE,
    ContrastiveModel,
    normalize,
)
from lionhunt.proxy_tasks.tasks.digits_captions import TEMPLATES, WORDS, make_captions


@pytest.fixture(scope="module")
def task():
    return DigitsCaptions(batch_size=20, width=8).build()


def spell(tokens) -> str:
    return "".join(ALPHABET[token] for token in tokens).rstrip()


def test_captions_name_one_digit_and_no_two_are_the_same():
    captions = [spell(tokens) for template in TEMPLATES for tokens in make_captions(template)]
    assert captions[7] == "a handwritten seven"
    assert len(set(captions)) == len(captions) == 10 * len(TEMPLATES)
    for place, caption in enumerate(captions):
        digit = place % 10
        words = caption.replace(",", "").split()
        assert {WORDS[digit], str(digit)} & set(words)
        assert not ({*WORDS, *"0123456789"} - {WORDS[digit], str(digit)}) & set(words)


def test_images_of_a_batch_fit_its_captions_and_each_is_drawn(task):
    images, labels = load_digits().train
    label_of = {image.tobytes(): label for image, label in zip(images, labels, strict=True)}
    draw = jax.jit(jax.vmap(lambda key: task.batch(task.data, key)))
    chosen, captions = draw(jax.random.split(jax.random.key(0), 1500))
    assert chosen.shape == (1500, 2, 10, 8, 8)
    drawn_images, drawn_templates = set(), set()
    for group in np.asarray(chosen).reshape(3000, 10, 8, 8):
        assert [label_of[image.tobytes()] for image in group] == list(range(10))
        drawn_images |= {image.tobytes() for image in group}
    for digit, tokens in enumerate(np.asarray(captions)[:50].transpose(1, 0, 2)):
        for text in map(spell, tokens):
            template = text.replace(WORDS[digit], "{word}")
            drawn_templates.add(template.replace(str(digit), "{numeral}"))
    assert drawn_images == set(label_of) and drawn_templates == set(TEMPLATES)


def test_loss_is_that_of_clip_averaged_over_groups(task, key):
    params = task.init(task.data, key)
    images, captions = task.batch(task.data, key)
    model = ContrastiveModel(8, 1, 2, key=key)
    compare = eqx.filter_jit(model.compare)
    losses = []
    for group in images:
        similarities = np.asarray(compare(group, captions), np.float64)
        for logits in (similarities, similarities.T):
            exponentials = np.exp(logits)
            shares = exponentials / exponentials.sum(1, keepdims=True)
            losses.append(-np.log(np.diag(shares)).mean())
    loss = jax.jit(task.loss)(params, (images, captions))
    assert loss == pytest.approx(np.mean(losses), rel=1e-5)


def test_normalized_rows_have_length_one(rng):
    vectors = jnp.asarray(rng.normal(size=(4, 6)), jnp.float32)
    np.testing.assert_allclose(jnp.sum(normalize(vectors) ** 2, -1), 1, rtol=1e-5)
    assert np.array_equal(normalize(jnp.zeros((1, 3))), np.zeros((1, 3)))
    assert np.isfinite(jax.grad(lambda x: normalize(x).sum())(jnp.zeros((1, 3)))).all()


def test_images_are_classified_by_the_mean_of_captions(task, key):
    model = ContrastiveModel(8, 1, 2, key=key)
    images = task.data.validation[0][:5]
    captions = task.data.captions
    encode_text = eqx.filter_jit(model.text_encoder)
    encode_image = eqx.filter_jit(model.image_encoder)
    texts = np.stack([[encode_text(caption) for caption in row] for row in captions[:2, :3]])
    texts = (texts / np.linalg.norm(texts, axis=-1, keepdims=True)).mean(0)
    encoded = np.stack([encode_image(image) for image in images])
    cosines = encoded @ texts.T / np.linalg.norm(encoded, axis=-1, keepdims=True)
    expected = FIRST_SCALE * cosines / np.linalg.norm(texts, axis=-1)
    actual = eqx.filter_jit(model.classify)(images, captions[:2, :3])
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-4)


def test_groups_are_whole():
    with pytest.raises(ValueError, match=r"batch_size \(15\) must be a multiple of 10"):
        DigitsCaptions(batch_size=15)
