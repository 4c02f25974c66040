"""Terms as numbers: every part of a term evaluated on arrays, in plain NumPy."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.backends import PytreeBackend, Value
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.rewriting.patterns import value_of
from lionhunt.dsl.rewriting.rational_arithmetic import divisor
from lionhunt.dsl.rewriting.terms import OUTPUTS, Term, exact, walk

SHAPES = ((5,), (3, 4))
"""The arrays of a tree."""


def draw_value(rng: np.random.Generator, kind: Kind, domain: tuple[float, float]) -> Value:
    """A random value of a kind, in float64, of numbers that are not close to 0."""
    shapes = {Kind.SCALAR: (), Kind.PER_ARRAY: ((), ()), Kind.TREE: SHAPES}[kind]
    least = min(0.05, domain[1] / 2)

    def array(shape):
        x = rng.uniform(*domain, shape)
        return np.where(np.abs(x) < least, np.copysign(least, x), x)

    return np.float64(array(())) if kind is Kind.SCALAR else tuple(map(array, shapes))


def evaluate(
    roots: Sequence[Term], inputs: Mapping[Term, Value], dtype: Any = np.float64
) -> dict[Term, Value]:
    """The value of every part of some terms; that of outputs together is a tuple.

    In float64 this is the arithmetic of real numbers that the rules speak of: a division by a
    number has no guard where float32 would lose it.

    Args:
        inputs: values of the inputs, in `dtype`; others of the terms may be among them.
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
                values[term] = space.lift(np.divide, args[0], _fill(by, term.args[1].kind))
            else:
                values[term] = OPS[term.op].evaluate(space, *args)
    return values


def _divisor(term: Term) -> np.float64 | None:
    """The number that a term divides by, if it does."""
    number = value_of(term.args[1]) if term.op == "divide" else None
    return None if number is None else np.float64(float(divisor(number)))


def _fill(value: Any, kind: Kind) -> Value:
    """A number in the place of something of a kind."""
    if kind is Kind.SCALAR:
        return value
    return tuple(np.full(shape if kind is Kind.TREE else (), value) for shape in SHAPES)


def as_arrays(value: Value) -> list[np.ndarray]:
    """A value of any kind as the arrays of a tree."""
    leaves = value if isinstance(value, tuple) else (value,) * len(SHAPES)
    return [np.broadcast_to(leaf, shape) for leaf, shape in zip(leaves, SHAPES, strict=True)]


def flatten(value: Value) -> np.ndarray:
    """All numbers of a value of any kind, as if it were a tree."""
    return np.concatenate([array.ravel() for array in as_arrays(value)])
