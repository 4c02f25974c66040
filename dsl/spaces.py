"""The spaces that concrete rules act in: trees of arrays, flat rows, and plain numbers."""

import math
from collections.abc import Callable
from typing import Any

import jax.numpy as jnp
import numpy

from dsl.types import Kind

Value = Any
"""In `Trees`: a tuple with an entry for each array (arrays for a tree, numbers for one number per
array), or a number by itself for a scalar."""


class Trees:
    """Trees of arrays, leaf by leaf: the meaning of the language.

    Weights of any tree structure come as the tuple of their arrays; a scalar is not a tuple.
    """

    def __init__(self, np: Any = jnp):
        self.np = np

    def lift(self, function: Callable[..., Any], *values: Value) -> Value:
        if not any(isinstance(value, tuple) for value in values):
            return function(*values)
        return tuple(function(*leaves) for leaves in self._by_array(values))

    def per_array(self, value: Value) -> Value:
        return self.lift(self.np.sum, value)

    def total(self, value: Value) -> Value:
        return sum(self.per_array(value)) if isinstance(value, tuple) else value

    def broadcast(self, *values: Value) -> tuple[Value, ...]:
        if not any(isinstance(value, tuple) for value in values):
            return values
        by_array = (self.np.broadcast_arrays(*leaves) for leaves in self._by_array(values))
        return tuple(zip(*by_array, strict=True))

    def _by_array(self, values: tuple[Value, ...]):
        """Yields, for each array of the tree, the entries of all values."""
        length = next(len(value) for value in values if isinstance(value, tuple))
        columns = (v if isinstance(v, tuple) else (v,) * length for v in values)
        return zip(*columns, strict=True)


class Numbers:
    """Single numbers: every reduction is the identity."""

    def __init__(self, np: Any = jnp):
        self.np = np

    def lift(self, function: Callable[..., Any], *values: Any) -> Any:
        return function(*values)

    def per_array(self, value: Any) -> Any:
        return value

    def total(self, value: Any) -> Any:
        return value

    def broadcast(self, *values: Any) -> tuple[Any, ...]:
        return values


class Rows:
    """Rows of shape (parameters,): all arrays of a tree laid end to end.

    A scalar or a number per array is a row too, repeated over what it stands for; so a sum must
    know the kind of what it sums, and counts each number once.

    Args:
        shapes: the shapes of the arrays, in order.
        kind: what the summed arguments are; a traced int32 with the values of `Kind`.
    """

    np = jnp

    def __init__(self, shapes: tuple[tuple[int, ...], ...], kind: Any):
        self.sizes = [math.prod(shape) for shape in shapes]
        self.kind = kind

    def lift(self, function: Callable[..., Any], *rows: Any) -> Any:
        return function(*rows)

    def broadcast(self, *rows: Any) -> tuple[Any, ...]:
        return rows

    def per_array(self, row: Any) -> Any:
        starts = numpy.cumsum([0, *self.sizes])
        firsts = numpy.zeros(starts[-1], bool)
        firsts[starts[:-1][numpy.asarray(self.sizes) > 0]] = True
        counted = jnp.where((self.kind == Kind.TREE) | firsts, row, 0)
        return jnp.concatenate(
            [
                jnp.broadcast_to(jnp.sum(counted[start : start + size]), (size,))
                for start, size in zip(starts[:-1], self.sizes, strict=True)
            ]
        )

    def total(self, row: Any) -> Any:
        starts = numpy.cumsum([0, *self.sizes])
        level = numpy.full(starts[-1], Kind.TREE, numpy.int32)
        level[starts[:-1][numpy.asarray(self.sizes) > 0]] = Kind.PER_ARRAY
        level[:1] = Kind.SCALAR
        return jnp.broadcast_to(jnp.sum(jnp.where(level <= self.kind, row, 0)), row.shape)
