"""One program compiled by itself: for finalists, and for users."""

import jax
import jax.numpy as jnp
import optax

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.execution.optax_adapter import as_transformation
from lionhunt.dsl.interpreter import evaluate
from lionhunt.dsl.program import Program
from lionhunt.dsl.validation import infer


def as_optimizer(
    program: Program, learning_rate: float | jax.Array | optax.Schedule = 1.0
) -> optax.GradientTransformation:
    """Returns the program as an optimizer, with only the states that matter.

    Args:
        program: any program; what is not needed is dropped.
        learning_rate: the program's `lr` input, a number or a schedule of the step count. Found
            programs hold their peak learning rate as a constant, so that is a schedule with peak 1.

    Raises:
        InvalidProgram: the program cannot run.
    """
    infer(program)
    program = simplify(program)

    def init_states(params):
        return tuple(jax.tree.map(jnp.zeros_like, params) for _ in program.states)

    def step(params, gradient, states, schedule):
        return evaluate(program, params, gradient, states, schedule)

    return as_transformation(init_states, step, learning_rate)
