"""The machine for many bytecodes side by side, as an accelerator likes it: without a branch.

Mapped over a batch as it stands, the switch of `dsl.execution.machine` would read operands anew for each
function, and its loop copy all registers after each instruction. Here an instruction of every lane
reads its operands once, all functions act on them, and a select keeps one result a lane: on an
accelerator that is one kernel of elementwise work, from reading to writing, with one more for each
sum that the reductions share (of x * x, x * y and y * y, by equal subexpressions) and one for each
array that `norm` sums. A lane that is at its end writes nowhere; the loop ends with the longest.

What a lane computes depends on its own bytecode, weights and gradient alone.
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
    """Returns the optimizer of many models, each with its own bytecode.

    Its parameters are float32 arrays with a leading axis of lanes. Its states are one array of
    shape (lanes, num_states, parameters).

    Args:
        bytecodes: programs of one size, stacked; they may be traced.
        learning_rate: as for `dsl.execution.machine.as_optimizer`; one for all.
        functions: those of the bytecodes; any other gives NaN.
    """

    def init_states(params):
        num_lanes = bytecodes.outputs.shape[0]
        num_parameters = sum(np.size(leaf) for leaf in jax.tree.leaves(params)) // num_lanes
        num_states = bytecodes.outputs.shape[1] - 1
        return jnp.zeros((num_lanes, num_states, num_parameters), jnp.float32)

    def step(params, gradient, states, schedule):
        leaves, structure = jax.tree.flatten(params)
        shapes = tuple(leaf.shape[1:] for leaf in leaves)
        weights = _to_rows(leaves)
        gradient = _to_rows(jax.tree.leaves(gradient))
        update, states = run(bytecodes, shapes, weights, gradient, states, schedule, functions)
        splits = np.cumsum([leaf.size // len(update) for leaf in leaves])[:-1]
        parts = jnp.split(update, splits, axis=1)
        new = [part.reshape(leaf.shape) for part, leaf in zip(parts, leaves, strict=True)]
        return structure.unflatten(new), states

    return as_transformation(init_states, step, learning_rate)


def _to_rows(leaves: list[jax.Array]) -> jax.Array:
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
    """Runs one step of every lane.

    Args:
        bytecodes: programs of one size, stacked.
        shapes: the shapes of the arrays that a row holds, end to end.
        weights, gradient: shape=(lanes, parameters), dtype=float32.
        states: shape=(lanes, num_states, parameters), dtype=float32.
        schedule: shape=(), dtype=float32; the same for all.
        functions: those of the bytecodes.

    Returns:
        The updates and the new states.
    """
    num_lanes, num_rows, _ = bytecodes.rows.shape
    bytecodes = jax.tree.map(jnp.asarray, bytecodes)
    scalars = jax.vmap(run_scalars)(bytecodes, bytecodes.scalars.at[:, 0].set(schedule))
    spare = jnp.zeros((num_lanes, num_rows - 2 - states.shape[1], weights.shape[1]), weights.dtype)
    rows = jnp.concatenate([weights[:, None], gradient[:, None], states, spare], axis=1)
    ops = [op for op in OPS.values() if op.name in functions]
    case_of = np.full(len(OPS), len(ops), np.int32)  # the last case is for what was left out
    for number, name in enumerate(OPS):
        if name in functions:
            case_of[number] = [op.name for op in ops].index(name)
    # An operand that every function wants as a scalar stands in all places of its row.
    is_scalar = [
        all(op.scalar_argument == i for op in ops if op.arity > i) for i in range(MAX_ARITY)
    ]

    def read(rows, scalars, register, is_scalar=False):
        """The operand of one lane."""
        source = rows[:, :1] if is_scalar else rows
        row = lax.dynamic_index_in_dim(source, jnp.minimum(register, num_rows - 1), 0, False)
        scalar = scalars[jnp.maximum(register - num_rows, 0)]
        return jnp.where(register < num_rows, row, scalar)

    def apply(instruction, scalars, rows):
        """The result of one instruction of one lane."""
        operands = instruction[1 : 1 + MAX_ARITY]
        args = [read(rows, scalars, operands[i], is_scalar[i]) for i in range(MAX_ARITY)]
        space = FlatBackend(shapes, instruction[MAX_ARITY + 2])
        results = [op.evaluate(space, *args[: op.arity]) for op in ops] + [jnp.float32(jnp.nan)]
        shape = rows.shape[1:]
        case = jnp.asarray(case_of)[instruction[0]]
        return lax.select_n(case, *[jnp.broadcast_to(result, shape) for result in results])

    def step(index, rows):
        instructions = bytecodes.row_code[:, index]
        results = jax.vmap(apply)(instructions, scalars, rows)
        is_over = index >= bytecodes.num_row_code
        targets = jnp.where(is_over, num_rows, instructions[:, MAX_ARITY + 1])
        places = rows.at[jnp.arange(num_lanes), targets]
        return places.set(results, mode="drop", unique_indices=True)

    rows = lax.fori_loop(0, jnp.max(bytecodes.num_row_code), step, rows)
    read_all = jax.vmap(jax.vmap(read, (None, None, 0)))
    outputs = read_all(rows, scalars, bytecodes.outputs)
    return outputs[:, 0], outputs[:, 1:]
