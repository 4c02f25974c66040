"""Backends of the op table: trees of arrays, flat rows, and single numbers.

A backend holds its array module `np`, `numpy` or `jax.numpy`, and has six methods:

    map(function, *values)   apply an elementwise function; broadcast to the widest kind
    reduce(f, value, axis)   reduce each array (None), or each row (-1) or column (-2) in its place
    total(value)             sum all arrays together
    count(value, axis)       count the rows (-2), columns (-1) or numbers (None) of each array
    gram(x, y)               multiply each matrix of y by the Gram matrix x xᵀ
    broadcast(*values)       broadcast values to the widest of their kinds

A reduction `f(array, axis)` keeps the axes that it reduces; the axis None stands for all of them.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy

from lionhunt.dsl.kinds import Kind

Value = Any
"""A value of `PytreeBackend`: a number for a scalar, or a tuple with one entry for each array.

The entries are arrays for a tree and numbers for a value per array.
"""


Reduction = Callable[[Any, int | None], Any]


class PytreeBackend:
    """Trees of arrays, leaf by leaf: the reference meaning of the language.

    Weights of any tree structure are the tuple of their arrays. A scalar is not a tuple.
    """

    def __init__(self, np: Any):
        self.np = np

    def map(self, function: Callable[..., Any], *values: Value) -> Value:
        if not any(isinstance(value, tuple) for value in values):
            return function(*values)
        return tuple(function(*leaves) for leaves in self._by_array(values))

    def reduce(self, function: Reduction, value: Value, axis: int | None) -> Value:
        if axis is None:
            return self.map(lambda a: self.np.reshape(function(a, None), ()), value)
        return self.map(lambda a: _along(self.np, function, a, self.np.shape(a), axis), value)

    def total(self, value: Value) -> Value:
        return sum(self.map(self.np.sum, value)) if isinstance(value, tuple) else value

    def count(self, value: Value, axis: int | None) -> Value:
        def number(a):
            return self.np.asarray(_count(self.np.shape(a), axis), self.np.result_type(a))

        return self.map(number, value)

    def gram(self, x: Value, y: Value) -> Value:
        return self.map(lambda a, b: _gram(self.np, a, b, self.np.shape(a)), *self.broadcast(x, y))

    def broadcast(self, *values: Value) -> tuple[Value, ...]:
        if not any(isinstance(value, tuple) for value in values):
            return values
        by_array = (self.np.broadcast_arrays(*leaves) for leaves in self._by_array(values))
        return tuple(zip(*by_array, strict=True))

    def _by_array(self, values: tuple[Value, ...]):
        """Yield the entries of all values, array by array."""
        length = next(len(value) for value in values if isinstance(value, tuple))
        columns = (v if isinstance(v, tuple) else (v,) * length for v in values)
        return zip(*columns, strict=True)


class ScalarBackend:
    """Single numbers: every reduction is the identity."""

    def __init__(self, np: Any):
        self.np = np

    def map(self, function: Callable[..., Any], *values: Any) -> Any:
        return function(*values)

    def reduce(self, function: Reduction, value: Any, axis: int | None) -> Any:
        return value

    def total(self, value: Any) -> Any:
        return value

    def count(self, value: Any, axis: int | None) -> Any:
        return self.np.float32(1)

    def gram(self, x: Any, y: Any) -> Any:
        return x * x * y

    def broadcast(self, *values: Any) -> tuple[Any, ...]:
        return values


class FlatBackend:
    """Rows of shape (..., parameters): all arrays of a tree, laid end to end.

    A scalar and a number per array are rows too, repeated over all their places. A reduction
    therefore needs the kind of its argument, and counts each number once.

    Args:
        shapes: the shapes of the arrays, in order.
        kind: the widest kind of the arguments, a value of `Kind`; may be traced.
        np: the array module.
    """

    def __init__(self, shapes: tuple[tuple[int, ...], ...], kind: Any, np: Any):
        self.np = np
        self.shapes = shapes
        self.kind = kind

    def map(self, function: Callable[..., Any], *rows: Any) -> Any:
        return function(*rows)

    def broadcast(self, *rows: Any) -> tuple[Any, ...]:
        return rows

    def reduce(self, function: Reduction, row: Any, axis: int | None) -> Any:
        def of_array(part, shape):
            if axis is None:
                return function(part, -1)
            return _along(self.np, function, part, shape, axis)

        return self.np.where(self.kind == Kind.TREE, self._arrays(of_array, row), row)

    def total(self, row: Any) -> Any:
        sizes = numpy.array([math.prod(shape) for shape in self.shapes], int)
        level = numpy.full(sizes.sum(), Kind.TREE, numpy.int32)
        level[(numpy.cumsum(sizes) - sizes)[sizes > 0]] = Kind.PER_ARRAY
        level[:1] = Kind.SCALAR
        counted = self.np.where(level <= self.kind, row, 0)
        total = self.np.sum(counted, -1, keepdims=True)
        return self.np.broadcast_to(total, row.shape)

    def count(self, row: Any, axis: int | None) -> Any:
        by_array = self._arrays(lambda _, shape: self.np.float32(_count(shape, axis)), row)
        return self.np.where(self.kind == Kind.TREE, by_array, self.np.float32(1))

    def gram(self, x: Any, y: Any) -> Any:
        by_array = self._arrays(lambda a, b, shape: _gram(self.np, a, b, shape), x, y)
        return self.np.where(self.kind == Kind.TREE, by_array, x * x * y)

    def _arrays(self, function: Callable[..., Any], *rows: Any) -> Any:
        """Apply a function of arrays, laid end to end, and of their shape to each array."""
        parts, start = [], 0
        for shape in self.shapes:
            arrays = [row[..., start : start + math.prod(shape)] for row in rows]
            parts.append(self.np.broadcast_to(function(*arrays, shape), arrays[0].shape))
            start += math.prod(shape)
        return self.np.concatenate(parts, -1)


def _along(np: Any, function: Reduction, array: Any, shape: tuple[int, ...], axis: int) -> Any:
    """Replace each number by a reduction of its row (axis -1) or of its column (axis -2).

    Args:
        np: the array module.
        function: the reduction.
        array: its last axes hold an array of `shape`, as they are or laid end to end.
        shape: the last two axes are a matrix; a vector is a matrix of one column.
        axis: -1 or -2.
    """
    matrices = _to_matrices(np, array, shape)
    return np.reshape(np.broadcast_to(function(matrices, axis), matrices.shape), np.shape(array))


def _gram(np: Any, x: Any, y: Any, shape: tuple[int, ...]) -> Any:
    """Return x xᵀ y of each matrix, by the cheaper order of multiplication.

    Args:
        np: the array module.
        x, y: their last axes hold an array of `shape`, as they are or laid end to end.
        shape: as for `_along`.
    """
    left, right = (_to_matrices(np, array, shape) for array in (x, y))
    transposed = np.swapaxes(left, -1, -2)
    num_rows, num_columns = left.shape[-2:]
    is_wide = num_rows <= num_columns
    product = (left @ transposed) @ right if is_wide else left @ (transposed @ right)
    return np.reshape(product, np.shape(x))


def _to_matrices(np: Any, array: Any, shape: tuple[int, ...]) -> Any:
    num_arrays = math.prod(np.shape(array)) // max(math.prod(shape), 1)
    return np.reshape(array, (num_arrays, *_to_matrix(shape)))


def _count(shape: tuple[int, ...], axis: int | None) -> int:
    return math.prod(shape) if axis is None else _to_matrix(shape)[axis]


def _to_matrix(shape: tuple[int, ...]) -> tuple[int, ...]:
    """Return a shape of at least two axes: a vector is one column."""
    return shape if len(shape) > 1 else (math.prod(shape), 1)
