"""Step functions as `optax.GradientTransformation`.

The update of a program is subtracted from the weights; optax adds the update of a transformation.
The sign flips here and nowhere else.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax


class ProgramState(NamedTuple):
    """The state of an optimizer between steps.

    Attributes:
        step_count: steps taken, shape=(), dtype=int32.
        states: the program's state variables.
    """

    step_count: jax.Array
    states: Any


def as_transformation(
    init_states: Callable[[Any], Any],
    step: Callable[..., tuple[Any, Any]],
    learning_rate: float | jax.Array | optax.Schedule,
    *,
    reads_weights: bool = True,
) -> optax.GradientTransformationExtraArgs:
    """Return the step of a program as a transformation; it ignores extra arguments.

    Args:
        init_states: the states at the first step, from the parameters.
        step: `step(params, gradient, states, schedule_value)`, returns update and new states.
        learning_rate: the program's schedule value: a number, or a schedule of the step count.
        reads_weights: False if `step` reads the shapes of the parameters alone; the gradient then
            replaces parameters that are missing.
    """

    def init(params):
        _check_real(params)
        return ProgramState(jnp.zeros((), jnp.int32), init_states(params))

    def update(updates, state, params=None, **extra_args):
        del extra_args
        _check_real(updates)
        if params is None:
            if reads_weights:
                raise ValueError(
                    "the program reads the weights: call update(updates, state, params)"
                )
            params = updates
        value = learning_rate(state.step_count) if callable(learning_rate) else learning_rate
        update, states = step(params, updates, state.states, value)
        update = optax.tree.cast_like(jax.tree.map(jnp.negative, update), params)
        states = optax.tree.cast_like(states, state.states)
        return update, ProgramState(state.step_count + 1, states)

    return optax.GradientTransformationExtraArgs(init, update)


def _check_real(tree: Any) -> None:
    """Raise a `TypeError` if an array is complex."""
    if any(map(jnp.iscomplexobj, jax.tree.leaves(tree))):
        raise TypeError("complex arrays: wrap it in optax.contrib.split_real_and_imaginary")
