"""The forward loop over a program, and the evaluation of one step on arrays."""

from collections.abc import Callable, Sequence
from typing import Any

from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.ops import OPS, Op
from lionhunt.dsl.program import Program, Var


def run(
    program: Program,
    inputs: Sequence[Any],
    apply: Callable[..., Any],
    make_constant: Callable[[float], Any],
) -> list[Any]:
    """Run a program over any domain of values.

    Args:
        program: a valid program.
        inputs: one value for each of `program.inputs`.
        apply: `apply(op, *values)`, the meaning of one `Op` in the domain.
        make_constant: the meaning of a number in the domain.

    Returns:
        One value for each of `program.outputs`.
    """
    env = dict(zip(program.inputs, inputs, strict=True))

    def read(arg):
        return env[arg.name] if isinstance(arg, Var) else make_constant(arg.value)

    for statement in program.statements:
        env[statement.target] = apply(OPS[statement.op], *map(read, statement.args))
    return [read(output) for output in program.outputs]


def evaluate(
    program: Program, weights: Any, gradient: Any, states: Sequence[Any], schedule: Any
) -> tuple[Any, tuple[Any, ...]]:
    """Run one step of a program, as written, on JAX arrays.

    Args:
        program: a valid program.
        weights: a tree of float arrays of any shapes; a single array is a tree.
        gradient: a tree like `weights`.
        states: one tree like `weights` for each state variable.
        schedule: the schedule value, a number.

    Returns:
        The update to subtract from the weights, and the new states: trees like `weights`.
    """
    # The forward loop is needed without JAX, so this function alone imports it.
    import jax
    import jax.numpy as jnp

    leaves, structure = jax.tree.flatten(jax.tree.map(jnp.asarray, weights))
    trees = [tuple(map(jnp.asarray, jax.tree.leaves(tree))) for tree in (gradient, *states)]
    backend = PytreeBackend(jnp)

    def apply(op: Op, *values):
        return op.evaluate(backend, *values)

    inputs = [tuple(leaves), *trees, jnp.asarray(schedule, jnp.float32)]
    outputs = [
        structure.unflatten(
            jnp.broadcast_to(x, jnp.shape(leaf)).astype(leaf.dtype)
            for x, leaf in zip(
                value if isinstance(value, tuple) else (value,) * len(leaves),
                leaves,
                strict=True,
            )
        )
        for value in run(program, inputs, apply, jnp.float32)
    ]
    return outputs[0], tuple(outputs[1:])
