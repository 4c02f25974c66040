"""Compilation of one program by itself, without the machine: for finalists and for users."""

import jax
import jax.numpy as jnp
import optax

from lionhunt.dsl.analysis.liveness import read_inputs, simplify
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.execution.optax_adapter import as_transformation
from lionhunt.dsl.interpreter import arithmetic_dtype, evaluate
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import active_table
from lionhunt.dsl.program import Program
from lionhunt.dsl.validation import infer


def as_optimizer(
    program: Program,
    learning_rate: float | jax.Array | optax.Schedule = 1.0,
    state_dtype: jax.typing.DTypeLike | None = None,
) -> optax.GradientTransformationExtraArgs:
    """Return a program as an optax optimizer; it keeps the live states alone.

    A state that is one number at every step is kept as that, and so is one number per array.

    It computes in float32, or in float64 for float64 parameters. Updates have the dtype of the
    parameters. `update` needs the parameters only if the program reads the weights.

    Args:
        program: any program; redundant statements are dropped.
        learning_rate: the program's `lr` input, a number or a schedule of the step count. Programs
            of a search hold their peak learning rate as a constant, so their schedule has peak 1.
        state_dtype: the dtype of the states that have the shapes of the parameters; None for that
            of the arithmetic.

    Raises:
        InvalidProgram: the program cannot run.
    """
    infer(program)
    program = simplify(program)

    kinds = narrow_states(program)
    # The caller of the optimizer may know other functions by then.
    functions = active_table().loaded()

    def init_state(params, kind):
        if kind is Kind.SCALAR:
            return jnp.zeros((), arithmetic_dtype(*jax.tree.leaves(params)))
        if kind is Kind.PER_ARRAY:
            return jax.tree.map(lambda leaf: jnp.zeros((), arithmetic_dtype(leaf)), params)
        return jax.tree.map(
            lambda leaf: jnp.zeros_like(leaf, dtype=state_dtype or arithmetic_dtype(leaf)), params
        )

    def init_states(params):
        return tuple(init_state(params, kind) for kind in kinds)

    def step(params, gradient, states, schedule):
        with functions:
            return evaluate(program, params, gradient, states, schedule, kinds)

    reads_weights = program.weights in read_inputs(program)
    return as_transformation(init_states, step, learning_rate, reads_weights=reads_weights)
