"""The machine for many bytecodes side by side, without branches, as accelerators prefer.

Under `vmap`, the switch of `dsl.execution.machine` would read operands again for each function.
Its loop would copy all registers after each instruction. Here a lane reads the operands of an
instruction once. All functions act on them, and a select keeps one result. On an accelerator that
is one kernel of elementwise work. The reductions share the sums of x * x, x * y and y * y, one
kernel each. The sums of `norm` add one kernel for each array.

A lane that has finished writes nowhere; the loop ends with the longest lane. The result of a lane
depends on its own bytecode, weights and gradient alone.
"""

from collections.abc import Collection

import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lionhunt.dsl.backends import FlatBackend
from lionhunt.dsl.execution.bytecode import MAX_ARITY, Bytecode
from lionhunt.dsl.execution.machine import run_scalars
from lionhunt.dsl.execution.optax_adapter import as_transformation
from lionhunt.dsl.ops import OPS


def as_optimizer(
    bytecodes: Bytecode,
    learning_rate: float | jax.Array | optax.Schedule = 1.0,
    functions: Collection[str] = OPS.keys(),
) -> optax.GradientTransformation:
    """Return the optimizer of many models, each with its own bytecode.

    Its parameters are float32 arrays with a leading axis of lanes. Its states are one array of
    shape (lanes, num_states, parameters).

    Args:
        bytecodes: programs of one shape, stacked; they may be traced.
        learning_rate: as for `dsl.execution.machine.as_optimizer`, the same for all lanes.
        functions: the functions to compile; any other function of the bytecodes gives NaN.
    """

    def init_states(params):
        num_lanes = bytecodes.outputs.shape[0]
        num_parameters = sum(np.size(leaf) for leaf in jax.tree.leaves(params)) // num_lanes
        num_states = bytecodes.outputs.shape[1] - 1
        return jnp.zeros((num_lanes, num_states, num_parameters), jnp.float32)

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

    return as_transformation(init_states, step, learning_rate)


def _to_vectors(leaves: list[jax.Array]) -> jax.Array:
    return jnp.concatenate([leaf.reshape(len(leaf), -1) for leaf in leaves], axis=1)


def run(
    bytecodes: Bytecode,
    shapes: tuple[tuple[int, ...], ...],
    weights: jax.Array,
    gradient: jax.Array,
    states: jax.Array,
    schedule: jax.Array,
    functions: Collection[str] = OPS.keys(),
) -> tuple[jax.Array, jax.Array]:
    """Run one step of every lane.

    Args:
        bytecodes: programs of one shape, stacked.
        shapes: the shapes of the arrays in a vector, which holds them end to end.
        weights, gradient: shape=(lanes, parameters), dtype=float32.
        states: shape=(lanes, num_states, parameters), dtype=float32.
        schedule: shape=(), dtype=float32; the same for all lanes.
        functions: the functions to compile.

    Returns:
        The updates and the new states.
    """
    num_lanes, num_vectors, _ = bytecodes.vector_registers.shape
    bytecodes = jax.tree.map(jnp.asarray, bytecodes)
    scalars = jax.vmap(run_scalars)(bytecodes, bytecodes.scalar_registers.at[:, 0].set(schedule))
    num_spare = num_vectors - 2 - states.shape[1]
    spare = jnp.zeros((num_lanes, num_spare, weights.shape[1]), weights.dtype)
    vectors = jnp.concatenate([weights[:, None], gradient[:, None], states, spare], axis=1)
    ops = [op for op in OPS.values() if op.name in functions]
    # The last case is for functions that are not compiled.
    case_of = np.full(len(OPS), len(ops), np.int32)
    for number, name in enumerate(OPS):
        if name in functions:
            case_of[number] = [op.name for op in ops].index(name)
    # An operand that is a scalar for every function has the same number in all its places.
    is_scalar = [
        all(op.scalar_argument == i for op in ops if op.arity > i) for i in range(MAX_ARITY)
    ]

    def read(vectors, scalars, register, is_scalar=False):
        """Read an operand of one lane."""
        source = vectors[:, :1] if is_scalar else vectors
        index = jnp.minimum(register, num_vectors - 1)
        vector = lax.dynamic_index_in_dim(source, index, 0, False)
        scalar = scalars[jnp.maximum(register - num_vectors, 0)]
        return jnp.where(register < num_vectors, vector, scalar)

    def apply(instruction, scalars, vectors):
        """Compute one instruction of one lane."""
        operands = instruction[1 : 1 + MAX_ARITY]
        args = [read(vectors, scalars, operands[i], is_scalar[i]) for i in range(MAX_ARITY)]
        backend = FlatBackend(shapes, instruction[MAX_ARITY + 2], jnp)
        results = [op.evaluate(backend, *args[: op.arity]) for op in ops] + [jnp.float32(jnp.nan)]
        shape = vectors.shape[1:]
        case = jnp.asarray(case_of)[instruction[0]]
        return lax.select_n(case, *[jnp.broadcast_to(result, shape) for result in results])

    def step(index, vectors):
        instructions = bytecodes.vector_code[:, index]
        results = jax.vmap(apply)(instructions, scalars, vectors)
        is_over = index >= bytecodes.num_vector_code
        targets = jnp.where(is_over, num_vectors, instructions[:, MAX_ARITY + 1])
        places = vectors.at[jnp.arange(num_lanes), targets]
        return places.set(results, mode="drop", unique_indices=True)

    vectors = lax.fori_loop(0, jnp.max(bytecodes.num_vector_code), step, vectors)
    read_all = jax.vmap(jax.vmap(read, (None, None, 0)))
    outputs = read_all(vectors, scalars, bytecodes.outputs)
    return outputs[:, 0], outputs[:, 1:]
