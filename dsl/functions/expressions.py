"""Expressions of the user for exported files: checked and evaluated."""

import ast
from collections.abc import Collection, Mapping
from types import ModuleType
from typing import Any

from lionhunt.dsl.op import FunctionError

AXIS = "axis"
"""The name of the reduced axis, in expressions of rows, columns and arrays."""

_NODES = (
    ast.Expression,
    ast.BinOp,
    ast.UnaryOp,
    ast.Compare,
    ast.IfExp,
    ast.BoolOp,
    ast.Call,
    ast.keyword,
    ast.Attribute,
    ast.Name,
    ast.Constant,
    ast.Tuple,
    ast.operator,
    ast.unaryop,
    ast.cmpop,
    ast.boolop,
    ast.expr_context,
)
"""The parts of Python that an expression may have: an exported file must do nothing else."""


def check_expression(
    place: str, text: str, np: str, arguments: Collection[str], *, takes_axis: bool
) -> None:
    """Raise `FunctionError` unless a text is an expression of `np` and of the arguments.

    Args:
        place: words for the function, in an error.
        text: the expression.
        np: array module, "jnp" or "torch".
        arguments: names of the arguments.
        takes_axis: whether it may name the axis.
    """
    allowed = {np, *arguments} | ({AXIS} if takes_axis else set())
    try:
        tree = ast.parse(text, mode="eval")
    except (SyntaxError, ValueError, RecursionError):
        raise FunctionError(f"{place}: '{text}' is no expression of Python") from None
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in allowed:
            raise FunctionError(
                f"{place}: '{text}' names '{node.id}'; use {', '.join(sorted(allowed))} alone"
            )
        is_hidden = isinstance(node, ast.Attribute) and node.attr.startswith("_")
        is_text = isinstance(node, ast.Constant) and not isinstance(node.value, int | float)
        if is_hidden or is_text or not isinstance(node, _NODES):
            raise FunctionError(f"{place}: '{text}' must be a formula of numbers and {np} alone")


def evaluate(text: str, np: str, module: ModuleType | Any, values: Mapping[str, Any]) -> Any:
    """Return the value of a checked expression.

    Args:
        text: the expression.
        np: the name of the array module in it.
        module: the array module.
        values: of the arguments, and of the axis.
    """
    return eval(compile(text, "<expression>", "eval"), {"__builtins__": {}, np: module, **values})
