"""The machine for many bytecodes side by side, without branches by lane, as accelerators prefer.

Under `vmap`, the switch of `dsl.execution.machine` would read operands again for each function.
Its loop would copy all registers after each instruction. Here a lane reads the operands of an
instruction once. All elementwise functions act on them, and a select keeps one result. On an
accelerator that is one kernel.

A reduction reads whole arrays, and some multiply matrices. It is computed for all lanes if any
lane applies it at this instruction. Otherwise it costs nothing.

A lane that has finished writes nowhere; the loop ends with the longest lane. The result of a lane
depends on its own bytecode, weights and gradient alone.
"""

import functools
from collections.abc import Collection, Sequence

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lionhunt.dsl.backends import FlatBackend
from lionhunt.dsl.execution.bytecode import MAX_ARITY, Bytecode, op_numbers
from lionhunt.dsl.execution.machine import (
    MachineStates,
    Shapes,
    fill_vectors,
    init_states,
    read_outputs,
    read_register,
    run_scalars,
)
from lionhunt.dsl.execution.optax_adapter import as_transformation
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS


def as_optimizer(
    bytecodes: Bytecode,
    learning_rate: float | jax.Array | optax.Schedule = 1.0,
    functions: Collection[str] = OPS.keys(),
) -> optax.GradientTransformation:
    """Return the optimizer of many models, each with its own bytecode.

    Its parameters are float32 arrays with a leading axis of lanes, as its `MachineStates` have.

    Args:
        bytecodes: programs of one shape, stacked; they may be traced.
        learning_rate: as for `dsl.execution.machine.as_optimizer`, the same for all lanes.
        functions: the functions to compile; any other function of the bytecodes gives NaN.
    """

    def init(params):
        shapes = tuple(np.shape(leaf)[1:] for leaf in jax.tree.leaves(params))
        return init_states(bytecodes.shape, shapes, bytecodes.update.shape)

    def step(params, gradient, states, schedule):
        leaves, structure = jax.tree.flatten(params)
        schedule = jnp.asarray(schedule, jnp.float32)
        shapes = tuple(leaf.shape[1:] for leaf in leaves)
        weights = _to_vectors(leaves)
        gradient = _to_vectors(jax.tree.leaves(gradient))
        update, states = run(bytecodes, shapes, weights, gradient, states, schedule, functions)
        splits = np.cumsum([leaf.size // len(update) for leaf in leaves])[:-1]
        parts = jnp.split(update, splits, axis=1)
        new = [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
        return structure.unflatten(new), states

    return as_transformation(init, step, learning_rate)


def _to_vectors(leaves: list[jax.Array]) -> jax.Array:
    return jnp.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)


def run(
    bytecodes: Bytecode,
    shapes: Shapes,
    weights: jax.Array,
    gradient: jax.Array,
    states: MachineStates,
    schedule: jax.Array,
    functions: Collection[str] = OPS.keys(),
) -> tuple[jax.Array, MachineStates]:
    """Run one step of every lane.

    Args:
        bytecodes: programs of one shape, stacked.
        shapes: the shapes of the arrays in a vector.
        weights, gradient: shape=(lanes, parameters), dtype=float32.
        states: with a leading axis of lanes.
        schedule: shape=(), dtype=float32; the same for all lanes.
        functions: the functions to compile.

    Returns:
        The updates and the new states.
    """
    num_lanes, num_vectors, _ = bytecodes.vector_registers.shape
    bytecodes = jax.tree.map(jnp.asarray, bytecodes)
    run_all = jax.vmap(functools.partial(run_scalars, functions=functions), (0, 0, None))
    scalars = run_all(bytecodes, states.numbers, schedule)
    fill = functools.partial(fill_vectors, num_vectors, shapes)
    vectors = jax.vmap(fill)(weights, gradient, states)
    elementwise = [op for op in OPS.values() if op.name in functions and not op.reduces]
    reductions = [op for op in OPS.values() if op.name in functions and op.reduces]

    def step(index, vectors):
        instructions = bytecodes.vector_code[:, index]
        is_over = index >= bytecodes.num_vector_code

        def compute(ops, vectors):
            apply = functools.partial(_apply, ops, shapes)
            return jax.vmap(apply)(instructions, scalars, vectors)

        results = compute(elementwise, vectors)
        for op in reductions:
            applies = (instructions[:, 0] == op_numbers()[op.name]) & ~is_over
            results = lax.cond(
                jnp.any(applies),
                lambda results, op=op, applies=applies: jnp.where(
                    applies[:, None], compute([op], vectors), results
                ),
                lambda results: results,
                results,
            )
        targets = jnp.where(is_over, num_vectors, instructions[:, MAX_ARITY + 1])
        places = vectors.at[jnp.arange(num_lanes), targets]
        return places.set(results, mode="drop", unique_indices=True)

    vectors = lax.fori_loop(0, jnp.max(bytecodes.num_vector_code), step, vectors)
    read = jax.vmap(lambda bytecode, *files: read_outputs(bytecode, shapes, *files))
    return read(bytecodes, vectors, scalars)


def _apply(
    ops: Sequence[Op],
    shapes: Shapes,
    instruction: jax.Array,
    scalars: jax.Array,
    vectors: jax.Array,
) -> jax.Array:
    """Compute one instruction of one lane; it is NaN if its function is none of `ops`."""
    # The last case is for other functions.
    case_of = np.full(len(OPS), len(ops), np.int32)
    for case, op in enumerate(ops):
        case_of[op_numbers()[op.name]] = case
    args = []
    for i in range(max([op.arity for op in ops], default=0)):
        # An operand that is a scalar for every function has the same number in all its places.
        is_scalar = all(op.scalar_argument == i for op in ops if op.arity > i)
        source = vectors[:, :1] if is_scalar else vectors
        args.append(read_register(source, scalars, instruction[1 + i]))
    backend = FlatBackend(shapes, instruction[MAX_ARITY + 2], jnp)
    results = [op.evaluate(backend, *args[: op.arity]) for op in ops] + [jnp.float32(jnp.nan)]
    case = jnp.asarray(case_of)[instruction[0]]
    return lax.select_n(case, *[jnp.broadcast_to(result, vectors.shape[1:]) for result in results])
