"""The machine: one function, compiled once by XLA, that runs any bytecode.

A loop over instructions and a switch over functions act on a register file of shape
(num_vector_registers, parameters). Three choices keep its cost near that of hand-written code
(figures in results/LOG.md). A branch reads its own operands, so that reading fuses with the
function. A constant stays a number, and is never repeated over a vector. The register file is
small.
"""

import functools
import itertools
import math
from collections.abc import Collection
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lionhunt.dsl.backends import FlatBackend, ScalarBackend
from lionhunt.dsl.execution.bytecode import MAX_ARITY, Bytecode, MachineShape
from lionhunt.dsl.execution.optax_adapter import as_transformation
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS

Shapes = tuple[tuple[int, ...], ...]
"""The shapes of the arrays in a vector, which holds them end to end."""


class MachineStates(NamedTuple):
    """The states of a program between steps; dtype=float32.

    Attributes:
        trees: shape=(..., num_trees, parameters).
        per_array: shape=(..., num_per_array, arrays).
        numbers: shape=(..., num_numbers).
    """

    trees: jax.Array
    per_array: jax.Array
    numbers: jax.Array


def init_states(size: MachineShape, shapes: Shapes, lanes: tuple[int, ...] = ()) -> MachineStates:
    """Return the states at the first step: zeros.

    Args:
        size: of the program.
        shapes: the shapes of the arrays of the parameters.
        lanes: leading axes.
    """
    num_parameters = sum(map(math.prod, shapes))
    return MachineStates(
        jnp.zeros((*lanes, size.num_trees, num_parameters), jnp.float32),
        jnp.zeros((*lanes, size.num_per_array, len(shapes)), jnp.float32),
        jnp.zeros((*lanes, size.num_numbers), jnp.float32),
    )


def as_optimizer(
    bytecode: Bytecode,
    learning_rate: float | jax.Array | optax.Schedule = 1.0,
    functions: Collection[str] = OPS.keys(),
) -> optax.GradientTransformation:
    """Return the optimizer of a bytecode, which may be traced.

    Its parameters are float32 arrays, and its states `MachineStates`.

    Args:
        bytecode: the program.
        learning_rate: the program's schedule value: a number, or a schedule of the step count.
        functions: the functions to compile; any other function of the bytecode gives NaN.
    """

    def init(params):
        return init_states(bytecode.shape, tuple(map(np.shape, jax.tree.leaves(params))))

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

    return as_transformation(init, step, learning_rate)


def _to_vector(leaves: list[jax.Array]) -> jax.Array:
    return jnp.concatenate([jnp.ravel(leaf) for leaf in leaves])


def run(
    bytecode: Bytecode,
    shapes: Shapes,
    weights: jax.Array,
    gradient: jax.Array,
    states: MachineStates,
    schedule: jax.Array,
    functions: Collection[str] = OPS.keys(),
) -> tuple[jax.Array, MachineStates]:
    """Run one step.

    Args:
        bytecode: the program.
        shapes: the shapes of the arrays in a vector.
        weights, gradient: shape=(parameters,), dtype=float32.
        states: of the program.
        schedule: shape=(), dtype=float32.
        functions: the functions to compile.

    Returns:
        The update and the new states.
    """
    num_vectors = bytecode.shape.num_vector_registers
    bytecode = jax.tree.map(jnp.asarray, bytecode)
    scalars = run_scalars(bytecode, states.numbers, schedule, functions)
    vectors = fill_vectors(num_vectors, shapes, weights, gradient, states)

    code = bytecode.vector_code

    def branch(op: Op, vectors, index):
        backend = FlatBackend(shapes, code[index, MAX_ARITY + 2], jnp)
        read = _copy_register if op.reduces else read_register
        args = [read(vectors, scalars, code[index, 1 + i]) for i in range(op.arity)]
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
    return read_outputs(bytecode, shapes, vectors, scalars)


def fill_vectors(
    num_vectors: int,
    shapes: Shapes,
    weights: jax.Array,
    gradient: jax.Array,
    states: MachineStates,
) -> jax.Array:
    """Return the vector registers at the start of a step; the last ones are zeros."""
    num_parameters = weights.shape[0]
    per_array = [
        jnp.broadcast_to(
            states.per_array[:, index, None], (len(states.per_array), math.prod(shape))
        )
        for index, shape in enumerate(shapes)
    ]
    filled = [weights[None], gradient[None]]
    if len(states.per_array):
        filled.append(jnp.concatenate(per_array, axis=1))
    filled.append(states.trees)
    num_spare = num_vectors - sum(map(len, filled))
    return jnp.concatenate([*filled, jnp.zeros((num_spare, num_parameters), weights.dtype)])


def read_register(vectors: jax.Array, scalars: jax.Array, register: jax.Array) -> jax.Array:
    """Read a register of either file as a vector, or of some columns of `vectors`."""
    num_vectors = len(vectors)
    vector = lax.dynamic_index_in_dim(vectors, jnp.minimum(register, num_vectors - 1), 0, False)
    scalar = scalars[jnp.maximum(register - num_vectors, 0)]
    return jnp.where(register < num_vectors, vector, scalar)


def _copy_register(vectors: jax.Array, scalars: jax.Array, register: jax.Array) -> jax.Array:
    """Read a register into a buffer of its own: a reduction would read it again for each array."""
    return lax.cond(
        register < len(vectors),
        lambda: lax.dynamic_index_in_dim(vectors, register, 0, False),
        lambda: jnp.full(vectors.shape[1], scalars[register - len(vectors)]),
    )


def read_outputs(
    bytecode: Bytecode, shapes: Shapes, vectors: jax.Array, scalars: jax.Array
) -> tuple[jax.Array, MachineStates]:
    """Return the update and the new states, from the registers at the end of a step."""
    read = jax.vmap(read_register, (None, None, 0))
    firsts = [0, *itertools.accumulate(map(math.prod, shapes))][:-1]
    # An empty array has no first number; any other will do.
    columns = vectors if vectors.shape[1] else jnp.zeros((len(vectors), 1), vectors.dtype)
    first_columns = columns[:, np.minimum(np.array(firsts, int), columns.shape[1] - 1)]
    return read_register(vectors, scalars, bytecode.update), MachineStates(
        read(vectors, scalars, bytecode.trees),
        read(first_columns, scalars, bytecode.per_array),
        read(columns[:, :1], scalars, bytecode.numbers)[:, 0],
    )


def run_scalars(
    bytecode: Bytecode, numbers: jax.Array, schedule: jax.Array, functions: Collection[str]
) -> jax.Array:
    """Run the scalar code, and return the scalar registers.

    Args:
        bytecode: the program.
        numbers: the states that are one number.
        schedule: the schedule value.
        functions: the functions to compile.
    """
    scalars = bytecode.scalar_registers.at[0].set(schedule).at[1 : 1 + len(numbers)].set(numbers)
    num_vectors = bytecode.shape.num_vector_registers
    backend = ScalarBackend(jnp)

    def branch(op: Op, scalars, instruction):
        args = [scalars[instruction[1 + i] - num_vectors] for i in range(op.arity)]
        return jnp.asarray(op.evaluate(backend, *args), jnp.float32)

    def unknown(scalars, instruction):
        return jnp.float32(jnp.nan)

    branches = [
        functools.partial(branch, op) if op.name in functions else unknown for op in OPS.values()
    ]

    def step(index, scalars):
        instruction = bytecode.scalar_code[index]
        result = lax.switch(instruction[0], branches, scalars, instruction)
        return scalars.at[instruction[MAX_ARITY + 1]].set(result)

    return lax.fori_loop(0, bytecode.num_scalar_code, step, scalars)
