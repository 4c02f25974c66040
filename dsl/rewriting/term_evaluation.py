"""Evaluation of terms on arrays, in plain NumPy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.backends import PytreeBackend, Value
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.patterns import value_of
from lionhunt.dsl.rewriting.rational_arithmetic import divisor
from lionhunt.dsl.rewriting.terms import OUTPUTS, Term, exact, walk

SHAPES = ((5,), (3, 4))
"""Shapes of the arrays of a tree."""


def draw_value(rng: np.random.Generator, kind: Kind, domain: tuple[float, float]) -> Value:
    """Return a random float64 value of a kind, whose elements are not close to 0.

    Args:
        rng: source of randomness.
        kind: kind of the value; a tree has arrays of `SHAPES`.
        domain: range of the elements.
    """
    shapes = {Kind.SCALAR: (), Kind.PER_ARRAY: ((), ()), Kind.TREE: SHAPES}[kind]
    least = min(0.05, domain[1] / 2)

    def array(shape):
        x = rng.uniform(*domain, shape)
        return np.where(np.abs(x) < least, np.copysign(least, x), x)

    return np.float64(array(())) if kind is Kind.SCALAR else tuple(map(array, shapes))


def evaluate(
    roots: Sequence[Term], inputs: Mapping[Term, Value], dtype: Any = np.float64
) -> dict[Term, Value]:
    """Return the value of every part of some terms; that of `OUTPUTS` is a tuple.

    In float64 this approximates the real arithmetic of the rules. A division by a number then has
    no guard if adding the guard in float32 changes nothing.

    Args:
        roots: terms.
        inputs: values of the inputs in `dtype`; values of other parts are allowed.
        dtype: np.float32 or np.float64.
    """
    space = PytreeBackend(np)
    values = dict(inputs)
    with np.errstate(all="ignore"):
        for term in walk(*roots):
            if term in values:
                continue
            args = [values[arg] for arg in term.args]
            number = value_of(term)
            if term.op == OUTPUTS:
                values[term] = tuple(args)
            elif number is not None:
                values[term] = _fill(dtype(float(number)), term.kind)
            elif not args:
                values[term] = dtype(float(exact(fold(term.op))))
            elif dtype is np.float64 and (by := _divisor(term)) is not None:
                values[term] = space.map(np.divide, args[0], _fill(by, term.args[1].kind))
            else:
                values[term] = OPS[term.op].evaluate(space, *args)
    return values


def _divisor(term: Term) -> np.float64 | None:
    """Return the divisor of a division by a number, or None for any other term."""
    number = value_of(term.args[1]) if term.op == "divide" else None
    return None if number is None else np.float64(float(divisor(number)))


def _fill(value: Any, kind: Kind) -> Value:
    """Return a number repeated to fill a kind."""
    if kind is Kind.SCALAR:
        return value
    return tuple(np.full(shape if kind is Kind.TREE else (), value) for shape in SHAPES)


def flatten(value: Value) -> np.ndarray:
    """Return the elements of a value of any kind, broadcast to a tree. shape=(17,)."""
    leaves = value if isinstance(value, tuple) else (value,) * len(SHAPES)
    arrays = [np.broadcast_to(leaf, shape) for leaf, shape in zip(leaves, SHAPES, strict=True)]
    return np.concatenate([array.ravel() for array in arrays])
