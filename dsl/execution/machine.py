"""The machine: one function, compiled once by XLA, that runs any bytecode.

A loop over instructions and a switch over functions act on a register file of shape
(num_vector_registers, parameters). Three choices keep its cost near that of hand-written code
(figures in results/LOG.md). A branch reads its own operands, so that reading fuses with the
function. A constant stays a number, and is never repeated over a vector. The register file is
small.
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
    """Return the optimizer of a bytecode, which may be traced.

    Its parameters are float32 arrays. Its states are one array of shape (num_states, parameters).

    Args:
        bytecode: the program.
        learning_rate: the program's schedule value: a number, or a schedule of the step count.
        functions: the functions to compile; any other function of the bytecode gives NaN.
    """

    def init_states(params):
        num_parameters = sum(np.size(leaf) for leaf in jax.tree.leaves(params))
        return jnp.zeros((bytecode.shape.num_states, num_parameters), jnp.float32)

    def step(params, gradient, states, schedule):
        leaves, structure = jax.tree.flatten(params)
        schedule = jnp.asarray(schedule, jnp.float32)
        shapes = tuple(leaf.shape for leaf in leaves)
        weights = _to_vector(leaves)
        gradient = _to_vector(jax.tree.leaves(gradient))
        update, states = run(bytecode, shapes, weights, gradient, states, schedule, functions)
        splits = np.cumsum([leaf.size for leaf in leaves])[:-1]
        parts = jnp.split(update, splits)
        new = [part.reshape(shape) for part, shape in zip(parts, shapes, strict=True)]
        return structure.unflatten(new), states

    return as_transformation(init_states, step, learning_rate)


def _to_vector(leaves: list[jax.Array]) -> jax.Array:
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
    """Run one step.

    Args:
        bytecode: the program.
        shapes: the shapes of the arrays in a vector, which holds them end to end.
        weights, gradient: shape=(parameters,), dtype=float32.
        states: shape=(num_states, parameters), dtype=float32.
        schedule: shape=(), dtype=float32.
        functions: the functions to compile.

    Returns:
        The update and the new states.
    """
    num_vectors = bytecode.shape.num_vector_registers
    bytecode = jax.tree.map(jnp.asarray, bytecode)
    scalars = run_scalars(bytecode, bytecode.scalar_registers.at[0].set(schedule))
    inputs = [weights[None], gradient[None], states]
    spare = jnp.zeros((num_vectors - 2 - states.shape[0], weights.shape[0]), weights.dtype)
    vectors = jnp.concatenate([*inputs, spare])

    def read(vectors, register):
        index = jnp.minimum(register, num_vectors - 1)
        vector = lax.dynamic_index_in_dim(vectors, index, 0, False)
        scalar = scalars[jnp.maximum(register - num_vectors, 0)]
        return jnp.where(register < num_vectors, vector, scalar)

    code = bytecode.vector_code

    def branch(op: Op, vectors, index):
        backend = FlatBackend(shapes, code[index, MAX_ARITY + 2], jnp)
        args = [read(vectors, code[index, 1 + i]) for i in range(op.arity)]
        return jnp.broadcast_to(op.evaluate(backend, *args), weights.shape)

    def unknown(vectors, index):
        return jnp.full_like(weights, jnp.nan)

    branches = [
        functools.partial(branch, op) if op.name in functions else unknown for op in OPS.values()
    ]

    def step(index, vectors):
        result = lax.switch(code[index, 0], branches, vectors, index)
        return lax.dynamic_update_index_in_dim(vectors, result, code[index, MAX_ARITY + 1], 0)

    vectors = lax.fori_loop(0, bytecode.num_vector_code, step, vectors)
    update, *new_states = (read(vectors, register) for register in bytecode.outputs)
    return update, jnp.stack(new_states)


def run_scalars(bytecode: Bytecode, scalars: jax.Array) -> jax.Array:
    """Run the scalar code, which depends on the schedule value and constants alone."""
    num_vectors = bytecode.shape.num_vector_registers
    backend = ScalarBackend(jnp)

    def branch(op: Op, scalars, instruction):
        args = [scalars[instruction[1 + i] - num_vectors] for i in range(op.arity)]
        return jnp.asarray(op.evaluate(backend, *args), jnp.float32)

    branches = [functools.partial(branch, op) for op in OPS.values()]

    def step(index, scalars):
        instruction = bytecode.scalar_code[index]
        result = lax.switch(instruction[0], branches, scalars, instruction)
        return scalars.at[instruction[MAX_ARITY + 1]].set(result)

    return lax.fori_loop(0, bytecode.num_scalar_code, step, scalars)
