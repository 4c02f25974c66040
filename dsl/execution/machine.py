"""The machine: one function, compiled once by XLA, that runs any bytecode.

A loop over instructions and a switch over functions act on a file of rows of shape
(num_rows, parameters). What keeps it near the price of hand-written code (figures in
results/LOG.md): a branch reads its own instruction and operands, so that reading fuses with the
function and a unary function reads one; a constant stays a number and is never spread over a row;
rows are few.
"""

import functools
from collections.abc import Collection

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lionhunt.dsl.backends import FlatBackend, ScalarBackend
from lionhunt.dsl.execution.bytecode import MAX_ARITY, Bytecode
from lionhunt.dsl.execution.optax_adapter import as_transformation
from lionhunt.dsl.ops import OPS, Op


def as_optimizer(
    bytecode: Bytecode,
    learning_rate: float | jax.Array | optax.Schedule = 1.0,
    functions: Collection[str] = OPS.keys(),
) -> optax.GradientTransformation:
    """Returns the optimizer that the bytecode says; the bytecode may be traced.

    Its parameters are float32 arrays. Its states are one array of shape (num_states, parameters).

    Args:
        bytecode: the program.
        learning_rate: the program's schedule value: a number, or a schedule of the step count.
        functions: those of the bytecode; any other gives NaN. What is left out needs no compiling.
    """

    def init_states(params):
        num_parameters = sum(np.size(leaf) for leaf in jax.tree.leaves(params))
        return jnp.zeros((bytecode.size.num_states, num_parameters), jnp.float32)

    def step(params, gradient, states, schedule):
        leaves, structure = jax.tree.flatten(params)
        shapes = tuple(leaf.shape for leaf in leaves)
        weights = _to_row(leaves)
        gradient = _to_row(jax.tree.leaves(gradient))
        update, states = run(bytecode, shapes, weights, gradient, states, schedule, functions)
        splits = np.cumsum([leaf.size for leaf in leaves])[:-1]
        parts = jnp.split(update, splits)
        new = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return structure.unflatten(new), states

    return as_transformation(init_states, step, learning_rate)


def _to_row(leaves: list[jax.Array]) -> jax.Array:
    return jnp.concatenate([jnp.ravel(leaf) for leaf in leaves])


def run(
    bytecode: Bytecode,
    shapes: tuple[tuple[int, ...], ...],
    weights: jax.Array,
    gradient: jax.Array,
    states: jax.Array,
    schedule: jax.Array,
    functions: Collection[str] = OPS.keys(),
) -> tuple[jax.Array, jax.Array]:
    """Runs one step.

    Args:
        bytecode: the program.
        shapes: the shapes of the arrays that a row holds, end to end.
        weights, gradient: shape=(parameters,), dtype=float32.
        states: shape=(num_states, parameters), dtype=float32.
        schedule: shape=(), dtype=float32.
        functions: those of the bytecode.

    Returns:
        The update and the new states.
    """
    num_rows = bytecode.size.num_rows
    bytecode = jax.tree.map(jnp.asarray, bytecode)
    scalars = run_scalars(bytecode, bytecode.scalars.at[0].set(schedule))
    inputs = [weights[None], gradient[None], states]
    spare = jnp.zeros((num_rows - 2 - states.shape[0], weights.shape[0]), weights.dtype)
    rows = jnp.concatenate([*inputs, spare])

    def read(rows, register):
        row = lax.dynamic_index_in_dim(rows, jnp.minimum(register, num_rows - 1), 0, False)
        scalar = scalars[jnp.maximum(register - num_rows, 0)]
        return jnp.where(register < num_rows, row, scalar)

    code = bytecode.row_code

    def branch(op: Op, rows, index):
        space = FlatBackend(shapes, code[index, MAX_ARITY + 2])
        args = [read(rows, code[index, 1 + i]) for i in range(op.arity)]
        return jnp.broadcast_to(op.evaluate(space, *args), weights.shape)

    def unknown(rows, index):
        return jnp.full_like(weights, jnp.nan)

    branches = [
        functools.partial(branch, op) if op.name in functions else unknown for op in OPS.values()
    ]

    def step(index, rows):
        result = lax.switch(code[index, 0], branches, rows, index)
        return lax.dynamic_update_index_in_dim(rows, result, code[index, MAX_ARITY + 1], 0)

    rows = lax.fori_loop(0, bytecode.num_row_code, step, rows)
    update, *new_states = (read(rows, register) for register in bytecode.outputs)
    return update, jnp.stack(new_states)


def run_scalars(bytecode: Bytecode, scalars: jax.Array) -> jax.Array:
    """Runs what depends on the schedule value and constants alone."""
    num_rows = bytecode.size.num_rows
    space = ScalarBackend()

    def branch(op: Op, scalars, instruction):
        args = [scalars[instruction[1 + i] - num_rows] for i in range(op.arity)]
        return jnp.asarray(op.evaluate(space, *args), jnp.float32)

    branches = [functools.partial(branch, op) for op in OPS.values()]

    def step(index, scalars):
        instruction = bytecode.scalar_code[index]
        result = lax.switch(instruction[0], branches, scalars, instruction)
        return scalars.at[instruction[MAX_ARITY + 1]].set(result)

    return lax.fori_loop(0, bytecode.num_scalar_code, step, scalars)
