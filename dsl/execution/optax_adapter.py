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
) -> optax.GradientTransformation:
    """Return the step of a program as a transformation.

    Args:
        init_states: the states at the first step, from the parameters.
        step: `step(params, gradient, states, schedule_value)`, returns update and new states.
        learning_rate: the program's schedule value: a number, or a schedule of the step count.
    """

    def init(params):
        return ProgramState(jnp.zeros((), jnp.int32), init_states(params))

    def update(updates, state, params=None):
        if params is None:
            raise ValueError("a program reads the weights: call update(gradient, state, params)")
        value = learning_rate(state.step_count) if callable(learning_rate) else learning_rate
        update, states = step(params, updates, state.states, jnp.asarray(value, jnp.float32))
        return jax.tree.map(jnp.negative, update), ProgramState(state.step_count + 1, states)

    return optax.GradientTransformation(init, update)
