"""Compilation of one program by itself, without the machine: for finalists and for users."""

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
    """Return a program as an optax optimizer; it keeps the live states alone.

    Args:
        program: any program; redundant statements are dropped.
        learning_rate: the program's `lr` input, a number or a schedule of the step count. Programs
            of a search hold their peak learning rate as a constant, so their schedule has peak 1.

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
