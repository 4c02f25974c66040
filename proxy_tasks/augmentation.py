"""Augmentation of a task: another parametrization and another length, drawn for each training.

Both come from the key of the training. So all optimizers that train with one key train on the same
variant. Learned optimizers are trained on such tasks, to carry over to larger models.

Metz et al., 2022 (arXiv:2211.09760). Moudgil et al., 2026 (arXiv:2602.19142).

In the reparametrized model, each array is a stored array times a scale. The optimizer sees the
stored arrays. At the start the model is the same. A stored array has `1 / scale` times the weights,
and `scale` times the gradient.
"""

from __future__ import annotations

import math
from typing import Any

import jax
import jax.numpy as jnp

Scales = tuple[jax.Array, ...]
"""A factor for each array of the parameters, shape=(); none where the task is as it is."""

# Independent of the keys of parameters and batches, which come from a split.
_SCALES, _STEPS = 0x5CA1E, 0x57E95


def draw_scales(key: jax.Array, largest: float, num_arrays: int) -> Scales:
    """Draw the scales of the arrays, log-uniformly from 1 / largest to largest; 1 for none."""
    if largest == 1:
        return ()
    uniform = jax.random.uniform(
        jax.random.fold_in(key, _SCALES), (num_arrays,), minval=-1.0, maxval=1.0
    )
    return tuple(jnp.exp(uniform * math.log(largest)))


def to_model(stored: Any, scales: Scales) -> Any:
    """Return the parameters of the model from what the optimizer trains."""
    return _map(jnp.multiply, stored, scales)


def to_stored(params: Any, scales: Scales) -> Any:
    """Return what the optimizer trains from the parameters of the model."""
    return _map(jnp.divide, params, scales)


def _map(function: Any, tree: Any, scales: Scales) -> Any:
    if not scales:
        return tree
    leaves, structure = jax.tree.flatten(tree)
    return structure.unflatten(map(function, leaves, scales))


def draw_num_steps(key: jax.Array, horizons: tuple[int, int]) -> jax.Array:
    """Draw a number of training steps, log-uniformly from a range that includes its ends."""
    low, high = horizons
    uniform = jax.random.uniform(jax.random.fold_in(key, _STEPS))
    # Every whole number takes the part of the range from itself to the next.
    drawn = jnp.floor(low * jnp.exp(uniform * math.log((high + 1) / low)))
    return jnp.clip(drawn.astype(jnp.int32), low, high)
