"""Helper functions of exported code; a file holds only those that it calls."""

from collections.abc import Iterable

from lionhunt.dsl.export.dataflow import Graph
from lionhunt.dsl.export.python.own_helpers import own_helpers

_CALLS = {"cosine_sim": ("global_norm", "dot")}
"""Helpers that a helper calls."""

_JAX = {
    "global_norm": '''
def _global_norm(tree):
    """The root of the sum of the squares of all numbers."""
    return jnp.sqrt(sum(jnp.sum(jnp.square(x)) for x in jax.tree.leaves(tree)))
''',
    "dot": '''
def _dot(tree, other):
    """The sum of the products of all numbers."""
    return sum(jax.tree.leaves(jax.tree.map(lambda x, y: jnp.sum(x * y), tree, other)))
''',
    "cosine_sim": '''
def _cosine_sim(tree, other):
    """The cosine of the angle between two trees."""
    return _dot(tree, other) / (_global_norm(tree) * _global_norm(other) + 1e-8)
''',
    "gram": '''
def _gram(x, y):
    """The product of the matrices x, x transposed and y; a vector is one column."""
    if x.ndim < 2:
        return x * jnp.sum(x * y)
    transposed = jnp.swapaxes(x, -1, -2)
    if x.shape[-2] <= x.shape[-1]:
        return (x @ transposed) @ y
    return x @ (transposed @ y)
''',
    "rows": '''
def _rows(x):
    """The number of rows; a vector is one column."""
    return jnp.asarray(x.shape[-2] if x.ndim > 1 else x.size, x.dtype)
''',
    "columns": '''
def _columns(x):
    """The number of columns; a vector is one column."""
    return jnp.asarray(x.shape[-1] if x.ndim > 1 else 1, x.dtype)
''',
    "row_mean": '''
def _row_mean(x):
    """The mean of each row, in place of its numbers; a vector is one column."""
    return jnp.broadcast_to(jnp.mean(x, -1, keepdims=True), x.shape) if x.ndim > 1 else x
''',
    "column_mean": '''
def _column_mean(x):
    """The mean of each column, in place of its numbers; a vector is one column."""
    axis = -2 if x.ndim > 1 else None
    return jnp.broadcast_to(jnp.mean(x, axis, keepdims=True), x.shape)
''',
    "row_max": '''
def _row_max(x):
    """The maximum of each row, in place of its numbers; a vector is one column."""
    if x.ndim < 2 or not x.size:
        return x
    return jnp.broadcast_to(jnp.max(x, -1, keepdims=True), x.shape)
''',
    "column_max": '''
def _column_max(x):
    """The maximum of each column, in place of its numbers; a vector is one column."""
    if not x.size:
        return x
    return jnp.broadcast_to(jnp.max(x, -2 if x.ndim > 1 else None, keepdims=True), x.shape)
''',
    "array_max": '''
def _array_max(x):
    """The maximum of an array; 0 without numbers."""
    return jnp.max(x) if x.size else jnp.zeros((), x.dtype)
''',
    "row_norm": '''
def _row_norm(x):
    """The norm of each row, in place of its numbers; a vector is one column."""
    if x.ndim < 2:
        return jnp.abs(x)
    return jnp.broadcast_to(jnp.linalg.norm(x, axis=-1, keepdims=True), x.shape)
''',
    "column_norm": '''
def _column_norm(x):
    """The norm of each column, in place of its numbers; a vector is one column."""
    axis = -2 if x.ndim > 1 else None
    return jnp.broadcast_to(jnp.linalg.norm(x, axis=axis, keepdims=True), x.shape)
''',
}

_TORCH = {
    "global_norm": '''
def _global_norm(tensors):
    """The root of the sum of the squares of all numbers."""
    return torch.sqrt(sum(torch.sum(torch.square(x)) for x in tensors))
''',
    "dot": '''
def _dot(tensors, others):
    """The sum of the products of all numbers."""
    return sum(torch.sum(x * y) for x, y in zip(tensors, others, strict=True))
''',
    "cosine_sim": '''
def _cosine_sim(tensors, others):
    """The cosine of the angle between two lists of tensors."""
    return _dot(tensors, others) / (_global_norm(tensors) * _global_norm(others) + 1e-8)
''',
    "gram": '''
def _gram(x, y):
    """The product of the matrices x, x transposed and y; a vector is one column."""
    if x.ndim < 2:
        return x * torch.sum(x * y)
    with torch.autocast(x.device.type, enabled=False):
        if x.shape[-2] <= x.shape[-1]:
            return (x @ x.mT) @ y
        return x @ (x.mT @ y)
''',
    "rows": '''
def _rows(x):
    """The number of rows; a vector is one column."""
    return x.new_tensor(x.shape[-2] if x.ndim > 1 else x.numel())
''',
    "columns": '''
def _columns(x):
    """The number of columns; a vector is one column."""
    return x.new_tensor(x.shape[-1] if x.ndim > 1 else 1)
''',
    "row_mean": '''
def _row_mean(x):
    """The mean of each row, in place of its numbers; a vector is one column."""
    return torch.mean(x, -1, keepdim=True).expand_as(x) if x.ndim > 1 else x
''',
    "column_mean": '''
def _column_mean(x):
    """The mean of each column, in place of its numbers; a vector is one column."""
    return torch.mean(x, -2, keepdim=True).expand_as(x) if x.ndim > 1 else x.mean().expand_as(x)
''',
    "row_max": '''
def _row_max(x):
    """The maximum of each row, in place of its numbers; a vector is one column."""
    if x.ndim < 2 or not x.numel():
        return x
    return torch.amax(x, -1, keepdim=True).expand_as(x)
''',
    "column_max": '''
def _column_max(x):
    """The maximum of each column, in place of its numbers; a vector is one column."""
    if not x.numel():
        return x
    return (torch.amax(x, -2, keepdim=True) if x.ndim > 1 else torch.max(x)).expand_as(x)
''',
    "array_max": '''
def _array_max(x):
    """The maximum of a tensor; 0 without numbers."""
    return torch.max(x) if x.numel() else x.new_zeros(())
''',
    "row_norm": '''
def _row_norm(x):
    """The norm of each row, in place of its numbers; a vector is one column."""
    if x.ndim < 2:
        return torch.abs(x)
    return torch.linalg.vector_norm(x, dim=-1, keepdim=True).expand_as(x)
''',
    "column_norm": '''
def _column_norm(x):
    """The norm of each column, in place of its numbers; a vector is one column."""
    dim = -2 if x.ndim > 1 else None
    return torch.linalg.vector_norm(x, dim=dim, keepdim=True).expand_as(x)
''',
}

_TABLES = {"jnp": _JAX, "torch": _TORCH}


def helpers(graph: Graph, np: str) -> list[str]:
    """Return the lines of the helpers that a graph needs.

    Args:
        graph: lowered graph.
        np: array module, "jnp" or "torch".
    """
    used = set(_with_callees(value.op for value in graph.values))
    lines = []
    for name, text in _TABLES[np].items():
        if name in used:
            lines += ["", "", *text.strip().splitlines()]
    return [*lines, *own_helpers(graph, np)]


def _with_callees(ops: Iterable[str]) -> Iterable[str]:
    for op in ops:
        yield op
        yield from _CALLS.get(op, ())
