"""The forward loop over a program, and the evaluation of one step on arrays."""

from collections.abc import Callable, Sequence
from typing import Any

from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.float32 import shortest
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OPS
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
    program: Program,
    weights: Any,
    gradient: Any,
    states: Sequence[Any],
    schedule: Any,
    kinds: Sequence[Kind] | None = None,
) -> tuple[Any, tuple[Any, ...]]:
    """Run one step of a program, as written, on JAX arrays.

    Args:
        program: a valid program.
        weights: a tree of real arrays of any shapes; a single array is a tree.
        gradient: a tree like `weights`.
        states: one value for each state variable, of its kind. A tree is like `weights`; one of
            numbers per array has a number for each array; a scalar is a number.
        schedule: the schedule value, a number.
        kinds: of the states, as `dsl.analysis.state_kinds.narrow_states` finds them; None if all
            are trees.

    Returns:
        The update to subtract from the weights, which is a tree like `weights`, and the new states.
        They have the dtype of the arithmetic: see `arithmetic_dtype`.

    Raises:
        ValueError: a tree has another structure than `weights`.
    """
    # The forward loop is needed without JAX, so the functions below alone import it.
    import jax
    import jax.numpy as jnp

    leaves, structure = jax.tree.flatten(weights)
    dtypes = [arithmetic_dtype(leaf) for leaf in leaves]
    scalar_dtype = arithmetic_dtype(*leaves)
    is_double = scalar_dtype == jnp.float64
    backend = PytreeBackend(jnp)
    kinds = (Kind.TREE,) * len(states) if kinds is None else kinds

    def read(state: Any, kind: Kind):
        if kind is Kind.SCALAR:
            return jnp.asarray(state, scalar_dtype)
        return tuple(map(jnp.asarray, structure.flatten_up_to(state), dtypes))

    def constant(value: float) -> jax.Array:
        return jnp.asarray(shortest(value) if is_double else value, scalar_dtype)

    def apply(op: Op, *values):
        if op.arity:
            return op.evaluate(backend, *values)
        # The rule of a constant rounds to float32; its meaning has all digits.
        return jnp.asarray(float(op.meaning), scalar_dtype)

    def write(value: Any, kind: Kind):
        if kind is Kind.SCALAR:
            return jnp.asarray(value, scalar_dtype)
        by_array = value if isinstance(value, tuple) else (value,) * len(leaves)
        return structure.unflatten(
            jnp.broadcast_to(x, jnp.shape(leaf) if kind is Kind.TREE else ()).astype(dtype)
            for x, leaf, dtype in zip(by_array, leaves, dtypes, strict=True)
        )

    inputs = [read(weights, Kind.TREE), read(gradient, Kind.TREE)]
    inputs += map(read, states, kinds)
    inputs.append(jnp.asarray(schedule, scalar_dtype))
    outputs = run(program, inputs, apply, constant)
    update, *new_states = map(write, outputs, (Kind.TREE, *kinds))
    return update, tuple(new_states)


def arithmetic_dtype(*arrays: Any) -> Any:
    """Return the dtype in which a program computes: float64 if some array is, else float32."""
    import jax.numpy as jnp

    is_double = any(jnp.result_type(array) == jnp.float64 for array in arrays)
    return jnp.float64 if is_double else jnp.float32
