"""Separation of an Equinox model into trained parameters and the rest."""

from collections.abc import Callable
from typing import Any

import equinox as eqx
import jax

from lionhunt.proxy_tasks.task import Data, Params


def split_model(
    make_model: Callable[[jax.Array], Any],
) -> tuple[Callable[[Data, jax.Array], Params], Callable[[Params], Any]]:
    """Split an Equinox model into its trained parameters and the rest.

    Args:
        make_model: from a key to a fresh model.

    Returns:
        `init`, from data and key to the parameters of a fresh model; it ignores the data.
        `to_model`, from parameters to the model.
    """
    # Shapes suffice; no parameter is computed.
    shapes = eqx.filter_eval_shape(make_model, jax.random.key(0))
    static = eqx.filter(shapes, lambda leaf: not isinstance(leaf, jax.ShapeDtypeStruct))

    def init(data, key):
        return eqx.filter(make_model(key), eqx.is_inexact_array)

    def to_model(params):
        return eqx.combine(params, static)

    return init, to_model
