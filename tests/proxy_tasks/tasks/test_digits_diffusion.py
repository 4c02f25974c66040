"""Denoising diffusion: the shares of image and noise, and the loss."""

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.proxy_tasks import DigitsDiffusion
from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.tasks.digits_diffusion import NUM_PIXELS, Denoiser, add_noise

IMAGES = jnp.asarray(load_digits().train[0][:200])


def noisy_at(time: float, images=IMAGES):
    noise = jax.random.normal(jax.random.key(3), (len(images), NUM_PIXELS))
    return add_noise(images, jnp.full(len(images), time), noise)


def test_at_first_there_is_the_image_and_at_last_noise_alone():
    first, last = noisy_at(0.0), noisy_at(1.0)
    np.testing.assert_array_equal(first.pixels, 2 * IMAGES.reshape(200, -1) - 1)
    np.testing.assert_allclose(last.pixels, last.noise, atol=1e-6)
    other = noisy_at(1.0, images=1 - IMAGES)
    np.testing.assert_allclose(last.pixels, other.pixels, atol=1e-6)


def test_image_and_noise_have_shares_whose_squares_are_one():
    noisy = noisy_at(0.3)
    image, noise = np.cos(0.15 * np.pi), np.sin(0.15 * np.pi)
    expected = image * (2 * IMAGES.reshape(200, -1) - 1) + noise * noisy.noise
    np.testing.assert_allclose(noisy.pixels, expected, rtol=1e-5, atol=1e-6)
    assert np.isclose(image**2 + noise**2, 1)


def test_every_example_has_noise_and_a_time_of_its_own(key):
    task = DigitsDiffusion(batch_size=200).build()
    _, times, noise = task.batch(task.data, key)
    assert len(np.unique(times)) == 200 and 0 <= times.min() < 0.1 and 0.9 < times.max() < 1
    assert abs(np.mean(noise)) < 0.05 and abs(np.std(noise) - 1) < 0.05
    validation = task.data.validation
    assert np.isclose(np.mean(validation.times), 0.5) and len(np.unique(validation.times)) == 600


def test_loss_is_the_squared_error_of_the_noise(key):
    task = DigitsDiffusion(width=8).build()
    params = task.init(task.data, key)
    nothing = jax.tree.map(jnp.zeros_like, params)
    noise = task.data.validation.noise
    np.testing.assert_allclose(task.score(nothing, task.data), np.mean(noise**2), rtol=1e-5)


def test_the_time_is_seen(key):
    model = Denoiser(8, 1, key=key)
    pixels = jnp.zeros(NUM_PIXELS)
    predicted = [model(pixels, jnp.asarray(t)) for t in (0.0, 0.01, 0.5, 0.99, 1.0)]
    assert len(np.unique(np.stack(predicted), axis=0)) == 5
