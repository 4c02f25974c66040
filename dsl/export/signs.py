"""Values that cannot be negative, found by abstract execution over signs.

A value that cannot be negative needs no |x| before a root or a logarithm. States start as zeros.
Every state is assumed non-negative until a step contradicts it.
"""

import math

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.op_table import OPS


def non_negative(graph: Graph) -> frozenset[Value]:
    """Return the values that are NaN or at least zero at every step, with the present constants."""
    states = set(graph.states)
    while True:
        found = set(states)
        for value in graph.values:
            signs = [_is_non_negative(arg, found) for arg in value.args]
            numbers = [arg.value if isinstance(arg, Number) else None for arg in value.args]
            op = OPS.get(value.op)
            if op and op.non_negative and op.non_negative(value.args, signs, numbers):
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
