"""Values that cannot be negative, found by abstract execution over signs.

A value that cannot be negative needs no |x| before a root or a logarithm. States start as zeros.
Every state is assumed non-negative until a step contradicts it.
"""

import math
from collections.abc import Callable
from typing import Any

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value


def _always(args: tuple[Any, ...], signs: list[bool]) -> bool:
    return True


def _all(args: tuple[Any, ...], signs: list[bool]) -> bool:
    return all(signs)


def _any(args: tuple[Any, ...], signs: list[bool]) -> bool:
    return any(signs)


def _product(args: tuple[Any, ...], signs: list[bool]) -> bool:
    return all(signs) or args[0] == args[1]


def _average(args: tuple[Any, ...], signs: list[bool]) -> bool:
    weight = args[2]
    return all(signs) and isinstance(weight, Number) and weight.value <= 1


RULES: dict[str, Callable[[tuple[Any, ...], list[bool]], bool]] = {
    **dict.fromkeys(("abs", "square", "sqrt", "exp", "exp2", "exp10", "cosh"), _always),
    **dict.fromkeys(("arccos", "arccosh", "norm", "global_norm"), _always),
    **dict.fromkeys(("cube", "cbrt", "reciprocal", "sign", "expm1", "log1p"), _all),
    **dict.fromkeys(("sinh", "tanh", "arcsin", "arctan", "arcsinh", "arctanh"), _all),
    **dict.fromkeys(("row_mean", "column_mean", "array_mean", "clip"), _all),
    **dict.fromkeys(("add", "divide", "min"), _all),
    "power": lambda args, signs: signs[0],
    "max": _any,
    **dict.fromkeys(("multiply", "dot", "cosine_sim"), _product),
    "interp": _average,
}
"""Rule for each function: from its arguments and their signs to True for a non-negative result."""


def non_negative(graph: Graph) -> frozenset[Value]:
    """Return the values that are NaN or at least zero at every step, with the present constants."""
    states = set(graph.states)
    while True:
        found = set(states)
        for value in graph.values:
            signs = [_is_non_negative(arg, found) for arg in value.args]
            if value.op in RULES and RULES[value.op](value.args, signs):
                found.add(value)
        still = {
            state
            for state, output in zip(graph.states, graph.next_states, strict=True)
            if state in states and _is_non_negative(output, found)
        }
        if still == states:
            return frozenset(found)
        states = still


def _is_non_negative(operand: Operand, found: set[Value]) -> bool:
    if isinstance(operand, Number):
        return math.copysign(1, operand.value) > 0
    return operand in found
