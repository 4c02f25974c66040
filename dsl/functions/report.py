"""The test of a function of the user: what `lionhunt check` finds.

Interpreter, machine and batch machine must agree on numbers that are often wrong. They do so for
arguments of all kinds. The rule must be what its declaration says.
"""

import functools
import itertools
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lionhunt.dsl.execution import batch_machine, machine
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.functions.agreement import (
    arrays_of,
    compare_expression,
    difference,
    draw_numbers,
)
from lionhunt.dsl.functions.declaration import ARGUMENTS, KINDS, rule_of
from lionhunt.dsl.functions.trial import AXES
from lionhunt.dsl.interpreter import evaluate
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import Op
from lionhunt.dsl.op_table import OpTable
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse

SCHEDULES = (0.75, 0.0, np.nan, np.inf, -3.0, 1e-40, 3e38)
"""Schedule values that stand for single numbers."""
TREES = ("g", "w", "negative(w)")
PER_ARRAY = ("array_max(g)", "array_mean(w)", "array_max(w)")
HELPERS = {"array_max", "array_mean", "negative"}
"""Functions of the test programs beside the tested one."""


class FunctionFinding(NamedTuple):
    """The result of one test.

    Attributes:
        what: the tested claim.
        problem: where it fails; None if it holds.
        is_note: it is no fault, only something to know.
    """

    what: str
    problem: str | None = None
    is_note: bool = False


def check_function(op: Op) -> Iterator[FunctionFinding]:
    """Yield the findings about a function of the user, whose rule was tried already."""
    assert op.own is not None
    with np.errstate(all="ignore"):
        yield FunctionFinding("two calls give the same bits", _repeated(op))
        yield from _check_meaning(op)
        if op.commutative:
            yield FunctionFinding("commutative: swapped arguments give the same bits", _swapped(op))
        if op.own.non_negative:
            yield FunctionFinding("non-negative", _negative(op))
    for kinds in _kinds(op):
        words = ", ".join(kind.name.lower().replace("_", " ") for kind in kinds)
        yield FunctionFinding(f"interpreter and machines agree: {words}", _machines(op, kinds))
    for module, word, text in (("jnp", "optax", op.own.optax), ("torch", "torch", op.own.torch)):
        if not text:
            yield FunctionFinding(f"no {word} expression, so no export to {word}", is_note=True)
        elif module == "torch" and not _has_torch():
            yield FunctionFinding(
                "torch is not installed, so its expression is not tested", is_note=True
            )
        else:
            yield FunctionFinding(
                f"{word} expression equals the rule", compare_expression(op, module)
            )


def _has_torch() -> bool:
    from importlib.util import find_spec

    return find_spec("torch") is not None


def _apply(op: Op, np_module: Any, args: Sequence[Any]) -> Any:
    """Return the rule on arrays; the rule of an array gets one row."""
    assert op.own is not None
    if op.own.kind not in AXES:
        return rule_of(op)(np_module, *args)
    axis = AXES[op.own.kind]
    return rule_of(op)(np_module, *args, -1 if axis is None else axis)


def _jitted(op: Op, args: Sequence[np.ndarray]) -> np.ndarray:
    return np.asarray(jax.jit(lambda *xs: _apply(op, jnp, xs))(*args))


def _repeated(op: Op) -> str | None:
    for args in arrays_of(op):
        calls = {
            "NumPy": functools.partial(_apply, op, np, args),
            "JAX": functools.partial(_jitted, op, args),
        }
        for library, call in calls.items():
            if np.asarray(call()).tobytes() != np.asarray(call()).tobytes():
                return f"two results of {library} differ; a rule must not draw or remember"
    return None


def _check_meaning(op: Op) -> Iterator[FunctionFinding]:
    """Compare an elementwise rule with its meaning, where that is a formula of NumPy."""
    assert op.own is not None
    if KINDS[op.own.kind].takes_axis or op.own.kind == "total":
        return
    args = [arg.astype(np.float64) for arg in draw_numbers(op.arity)]
    finite = np.all([np.isfinite(arg) & (np.abs(arg) > 1e-30) for arg in args], axis=0)
    args = [arg[finite] for arg in args]
    try:
        meant = eval(op.meaning, vars(np) | dict(zip(ARGUMENTS, args, strict=False)))
        problem = difference(
            _apply(op, np, args), np.broadcast_to(meant, args[0].shape), args, ("the rule", "it")
        )
        yield FunctionFinding("the meaning says what the rule does", problem)
    # The text of the user may raise anything.
    except Exception:
        yield FunctionFinding(
            "the meaning is no formula of NumPy, so it is not tested", is_note=True
        )


def _swapped(op: Op) -> str | None:
    x, y, *rest = draw_numbers(op.arity)
    one, other = _jitted(op, [x, y, *rest]), _jitted(op, [y, x, *rest])
    same = (one.view(np.uint32) == other.view(np.uint32)) | (np.isnan(one) & np.isnan(other))
    if same.all():
        return None
    first = int(np.argmin(same))
    return f"at {x[first]:g} and {y[first]:g} it gives {one[first]:.9g}, swapped {other[first]:.9g}"


def _negative(op: Op) -> str | None:
    for args in arrays_of(op):
        result = _jitted(op, args)
        is_negative = np.signbit(result) & ~np.isnan(result)
        if is_negative.any():
            found = result[is_negative].ravel()[0]
            at = ""
            if result.shape == args[0].shape:
                at = " at " + ", ".join(f"{arg[is_negative][0]:g}" for arg in args)
            return f"it gives {found:g}{at}"
    return None


def _kinds(op: Op) -> list[tuple[Kind, ...]]:
    """Return the kinds of arguments to test."""
    pairs = itertools.product((Kind.TREE, Kind.SCALAR), repeat=op.arity)
    return [*pairs, (Kind.PER_ARRAY,) * op.arity]


def _program(op: Op, kinds: Sequence[Kind]) -> Program:
    places = {Kind.TREE: TREES, Kind.PER_ARRAY: PER_ARRAY, Kind.SCALAR: ("lr",) * 3}
    args = ", ".join(places[kind][number] for number, kind in enumerate(kinds))
    return parse(f"def f(w, g, lr):\n  return {op.name}({args})")


def _machines(op: Op, kinds: Sequence[Kind]) -> str | None:
    """Describe where the machines differ from the interpreter; None if nowhere."""
    functions = {op.name, *HELPERS}
    with OpTable((op,)):
        program = _program(op, kinds)
        bytecode = assemble(program)

        @jax.jit
        def run(gradient: Any, weights: Any, schedule: Any) -> Any:
            optimizer = machine.as_optimizer(bytecode, schedule, functions)
            return optimizer.update(gradient, optimizer.init(weights), weights)[0]

        @jax.jit
        def run_batch(gradient: Any, weights: Any, schedule: Any) -> Any:
            def twice(x: Any) -> Any:
                return jax.tree.map(lambda leaf: jnp.stack([jnp.asarray(leaf)] * 2), x)

            optimizer = batch_machine.as_optimizer(twice(bytecode), schedule, functions)
            both = twice(weights)
            found = optimizer.update(twice(gradient), optimizer.init(both), both)[0]
            return jax.tree.map(lambda leaf: leaf[1], found)

        has_scalars = Kind.SCALAR in kinds
        for gradient, weights in _trees(op):
            for schedule in SCHEDULES if has_scalars else SCHEDULES[:1]:
                expected, _ = evaluate(program, weights, gradient, (), schedule)
                for name, compute in (("machine", run), ("batch machine", run_batch)):
                    found = compute(gradient, weights, schedule)
                    for place, leaf in expected.items():
                        args = _arguments(op, kinds, gradient[place], weights[place], schedule)
                        names = ("the interpreter", f"the {name}")
                        if problem := difference(leaf, -found[place], args, names):
                            return problem
    return None


def _arguments(
    op: Op, kinds: Sequence[Kind], gradient: np.ndarray, weights: np.ndarray, schedule: float
) -> list[np.ndarray]:
    """Return the arguments at each number of a leaf; none if they are not numbers of it."""
    if op.reduces or Kind.PER_ARRAY in kinds:
        return []
    values = (gradient, weights, -weights)
    return [
        values[number] if kind is Kind.TREE else np.asarray(schedule)
        for number, kind in enumerate(kinds)
    ]


def _trees(op: Op) -> Iterator[tuple[dict[str, np.ndarray], dict[str, np.ndarray]]]:
    """Yield gradients and weights: a vector, a matrix and a number each."""
    assert op.own is not None
    if KINDS[op.own.kind].takes_axis or op.own.kind == "total":
        rng = np.random.Generator(np.random.PCG64(17))
        for (matrix,) in ([array[0]] for array in _matrices(op)):
            vector = rng.standard_normal(5).astype(np.float32)
            tree = {"matrix": matrix, "vector": vector, "number": np.float32(-1.5)}
            yield tree, {name: np.asarray(leaf) * 0.5 for name, leaf in tree.items()}
        return
    numbers = draw_numbers(max(op.arity, 2))
    trees = [
        {"vector": x, "matrix": x[:12].reshape(4, 3), "number": np.asarray(x[13])}
        for x in numbers[:2]
    ]
    yield trees[0], trees[1]


def _matrices(op: Op) -> Iterator[list[np.ndarray]]:
    assert op.own is not None
    if op.own.kind == "total":
        rng = np.random.Generator(np.random.PCG64(13))
        yield [rng.standard_normal((4, 3)).astype(np.float32)]
        yield [np.array([[0.0, -0.0, 1.0], [1e-40, -2.0, 3.0]], np.float32)]
        yield [np.array([[np.inf, 1.0], [np.nan, 0.0]], np.float32)]
        return
    yield from arrays_of(op)
