"""Denoising diffusion of digits: a model predicts the noise in a noisy image."""

from typing import NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.data.dataset import Split, digest
from lionhunt.proxy_tasks.models.splitting import split_model
from lionhunt.proxy_tasks.options import DigitsDiffusion
from lionhunt.proxy_tasks.task import Task

NUM_PIXELS = 64
NUM_FREQUENCIES = 8
"""Frequencies of the time encoding; each gives a sine and a cosine."""


class Noisy(NamedTuple):
    """Images with noise.

    Attributes:
        pixels: input of the model, shape=(n, 64).
        times: noise level, from 0 (the image) to 1 (noise alone), shape=(n,).
        noise: target of the model, shape=(n, 64), standard normal.
    """

    pixels: jax.Array
    times: jax.Array
    noise: jax.Array


def add_noise(images: jax.Array, times: jax.Array, noise: jax.Array) -> Noisy:
    """Compute `x_t = cos(pi t / 2) x + sin(pi t / 2) noise`, with pixels x between -1 and 1.

    The variance-preserving process in continuous time with the cosine schedule (Ho et al., 2020,
    arXiv:2006.11239, equation 4; Nichol and Dhariwal, 2021, arXiv:2102.09672, section 3.2).

    Args:
        images: shape=(n, 8, 8), between 0 and 1.
        times: t, shape=(n,), from 0 to 1.
        noise: shape=(n, 64).
    """
    angles = jnp.pi / 2 * times[:, None]
    pixels = 2 * images.reshape(len(images), NUM_PIXELS) - 1
    return Noisy(jnp.cos(angles) * pixels + jnp.sin(angles) * noise, times, noise)


class Denoiser(eqx.Module):
    """An MLP from noisy pixels and the time to the noise."""

    mlp: eqx.nn.MLP

    def __init__(self, width: int, depth: int, *, key: jax.Array):
        num_inputs = NUM_PIXELS + 2 * NUM_FREQUENCIES
        self.mlp = eqx.nn.MLP(num_inputs, NUM_PIXELS, width, depth, jax.nn.gelu, key=key)

    def __call__(self, pixels: jax.Array, time: jax.Array) -> jax.Array:
        """Map pixels of shape (64,) and a time of shape () to noise of shape (64,)."""
        angles = jnp.pi * time * jnp.arange(1, NUM_FREQUENCIES + 1)
        return self.mlp(jnp.concatenate([pixels, jnp.sin(angles), jnp.cos(angles)]))


def build(options: DigitsDiffusion) -> Task:
    """Build the task."""
    (images, _), (held_out, _) = load_digits()
    width = options.scaled_width()
    init, to_model = split_model(lambda key: Denoiser(width, options.depth, key=key))
    times = (jnp.arange(len(held_out)) + 0.5) / len(held_out)
    noise = jax.random.normal(jax.random.key(0), (len(held_out), NUM_PIXELS))

    def batch(data, key):
        keys = jax.random.split(key, 3)
        (images,) = data.train
        chosen = jax.random.randint(keys[0], (options.batch_size,), 0, len(images))
        times = jax.random.uniform(keys[1], (options.batch_size,))
        noise = jax.random.normal(keys[2], (options.batch_size, NUM_PIXELS))
        return add_noise(images[chosen], times, noise)

    def loss(params, noisy):
        predicted = jax.vmap(to_model(params))(noisy.pixels, noisy.times)
        return jnp.mean((predicted - noisy.noise) ** 2)

    return Task(
        options.kind,
        options.scaled_steps,
        Split((jnp.asarray(images),), add_noise(jnp.asarray(held_out), times, noise)),
        init,
        batch,
        loss,
        score=lambda params, data: loss(params, data.validation),
        metric="loss (squared error a pixel)",
        higher_is_better=False,
        digest=options.digest(digest(images, held_out)),
    )
