"""The convolutional network against XLA's own operations."""

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

from lionhunt.proxy_tasks.models.convnet import ConvNet, Convolution, average_pool


def test_convolution_is_the_one_of_xla(rng, key):
    convolution = Convolution(3, 5, key=key)
    image = jnp.asarray(rng.normal(size=(4, 6, 3)), jnp.float32)
    kernel = convolution.weight.reshape(3, 3, 3, 5)
    layout = ("NHWC", "HWIO", "NHWC")
    expected = lax.conv_general_dilated(
        image[None], kernel, (1, 1), "SAME", dimension_numbers=layout
    )
    np.testing.assert_allclose(convolution(image), expected[0], rtol=1e-4, atol=1e-5)


def test_pooling_takes_means_of_squares(rng):
    image = rng.normal(size=(4, 6, 2)).astype(np.float32)
    pooled = average_pool(jnp.asarray(image))
    assert pooled.shape == (2, 3, 2)
    np.testing.assert_allclose(pooled[1, 2], image[2:4, 4:6].mean((0, 1)), rtol=1e-5)


def test_every_pixel_is_seen(key):
    model = ConvNet(4, key=key)
    gradient = jax.jit(jax.grad(lambda image: model(image)[0]))(jnp.full((8, 8), 0.5))
    assert np.count_nonzero(gradient) == 64
