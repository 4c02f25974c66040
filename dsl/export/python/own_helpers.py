"""Helpers of exported code for functions of the user, made of their expressions."""

from collections.abc import Iterator

from lionhunt.dsl.export.dataflow import Graph
from lionhunt.dsl.op import FunctionError, Op, Own
from lionhunt.dsl.op_table import OPS

FORMATS = {"jnp": "optax", "torch": "torch"}
"""The word for an expression, by the array module that it is of."""


def own_functions(graph: Graph) -> list[Op]:
    """Return the functions of the user that a graph applies, in their order."""
    return [op for op in dict.fromkeys(OPS.get(v.op) for v in graph.values) if op and op.own]


def expression_of(own: Own, np: str) -> str:
    """Return the expression of a function for an array module; it may be empty."""
    return own.optax if np == "jnp" else own.torch


def check_expressions(graph: Graph, np: str) -> None:
    """Raise `FunctionError` if a function of the user has no expression, or a wrong one.

    Args:
        graph: of the program.
        np: array module, "jnp" or "torch".
    """
    # Only functions of the user need JAX for an export.
    from lionhunt.dsl.functions.agreement import compare_expression

    for op in own_functions(graph):
        assert op.own is not None
        word = FORMATS[np]
        if not expression_of(op.own, np):
            raise FunctionError(
                f"function '{op.name}' has no {word} expression; add {word}=\"...\" of x, y, a and "
                f"{np} to its declaration in {op.own.source}"
            )
        if problem := compare_expression(op, np):
            raise FunctionError(f"function '{op.name}': its {word} expression differs: {problem}")


def own_helpers(graph: Graph, np: str) -> Iterator[str]:
    """Yield the lines of the helpers for functions of the user."""
    for op in own_functions(graph):
        assert op.own is not None
        names = ", ".join("xya"[: op.arity])
        yield from ("", "", f"def _{op.name}({names}):")
        yield f'    """{_escaped(", ".join(filter(None, (op.meaning, op.note))))}."""'
        yield from (f"    {line}" for line in _body(op, op.own, np, names))


def _body(op: Op, own: Own, np: str, names: str) -> Iterator[str]:
    expression = expression_of(own, np)
    if own.kind in ("row", "column"):
        axis = -1 if own.kind == "row" else -2
        yield "shape = x.shape"
        yield f"x, axis = x if x.ndim > 1 else x.reshape(-1, 1), {axis}"
        yield f"reduced = {expression}"
        yield f"return {np}.broadcast_to(reduced, x.shape).reshape(shape)"
    elif own.kind == "array":
        yield "x, axis = x.reshape(-1), -1"
        yield f"reduced = {expression}"
        yield "return reduced.reshape(())"
    else:
        if np == "torch" and op.arity > 1:
            yield f"tensor = next(v for v in ({names}) if isinstance(v, torch.Tensor))"
            yield f"{names} = (torch.as_tensor(v).to(tensor) for v in ({names}))"
        yield f"return {expression}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', "'")
