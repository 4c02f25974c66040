"""Small models of one example of any shape: linear, perceptron, convolutional and recurrent."""

import math
from collections.abc import Callable

import equinox as eqx
import jax
import jax.numpy as jnp

from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.proxy_tasks.models.convnet import Convolution

Shape = tuple[int, ...]


class Perceptron(eqx.Module):
    """A multilayer perceptron on all numbers of an example; of depth 0, a linear model."""

    layers: eqx.nn.MLP

    def __init__(
        self, shape: tuple[int, ...], width: int, depth: int, size: int, *, key: jax.Array
    ):
        self.layers = eqx.nn.MLP(math.prod(shape), size, width, depth, jax.nn.gelu, key=key)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map an example of any shape to shape=(size,)."""
        return self.layers(x.ravel())


class SmallConvNet(eqx.Module):
    """Convolutions of 3x3, the mean over the image, and a linear head."""

    convolutions: list[Convolution]
    head: eqx.nn.Linear

    def __init__(
        self, shape: tuple[int, ...], width: int, depth: int, size: int, *, key: jax.Array
    ):
        if len(shape) not in (2, 3):
            raise DataError(
                "model 'conv' takes images of shape=(height, width) or (height, width, channels), "
                f"not {shape}"
            )
        keys = jax.random.split(key, depth + 1)
        channels = [shape[2] if len(shape) == 3 else 1, *[width] * depth]
        self.convolutions = [
            Convolution(channels[i], channels[i + 1], key=keys[i]) for i in range(depth)
        ]
        self.head = eqx.nn.Linear(channels[-1], size, key=keys[-1])

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map an image of shape=(height, width) or (height, width, channels) to shape=(size,)."""
        x = x[..., None] if x.ndim == 2 else x
        for convolution in self.convolutions:
            x = jax.nn.gelu(convolution(x))
        return self.head(x.mean((0, 1)))


class Recurrent(eqx.Module):
    """A gated recurrent unit over a sequence, and a linear head on its last state."""

    cell: eqx.nn.GRUCell
    head: eqx.nn.Linear

    def __init__(
        self, shape: tuple[int, ...], width: int, depth: int, size: int, *, key: jax.Array
    ):
        if len(shape) not in (1, 2):
            raise DataError(
                f"model 'gru' takes sequences of shape=(length,) or (length, features), not {shape}"
            )
        cell_key, head_key = jax.random.split(key)
        self.cell = eqx.nn.GRUCell(shape[1] if len(shape) == 2 else 1, width, key=cell_key)
        self.head = eqx.nn.Linear(width, size, key=head_key)

    def __call__(self, x: jax.Array) -> jax.Array:
        """Map a sequence of shape=(length,) or (length, features) to shape=(size,)."""
        x = x[:, None] if x.ndim == 1 else x
        start = jnp.zeros(self.cell.hidden_size)
        state, _ = jax.lax.scan(lambda state, each: (self.cell(each, state), None), start, x)
        return self.head(state)


MODELS: dict[str, type[Perceptron] | type[SmallConvNet] | type[Recurrent]] = {
    "linear": Perceptron,
    "mlp": Perceptron,
    "conv": SmallConvNet,
    "gru": Recurrent,
}


def make_model(
    name: str, shape: Shape, width: int, depth: int, size: int
) -> Callable[[jax.Array], eqx.Module]:
    """Return a function from a key to a model of one example.

    Args:
        name: of `MODELS`.
        shape: of one example.
        width: of the model.
        depth: hidden layers; a linear model has none, a recurrent one its own.
        size: numbers that the model returns.
    """
    layers = 0 if name == "linear" else depth
    return lambda key: MODELS[name](shape, width, layers, size, key=key)
