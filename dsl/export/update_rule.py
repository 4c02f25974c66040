"""The update rule in the language itself, with names for constants: a part of docstrings."""

from lionhunt.dsl.export.constant_names import Naming
from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.equation_choice import equations
from lionhunt.dsl.export.identifiers import Event, allot
from lionhunt.dsl.op_table import OPS

_SUM, _PRODUCT, _ATOM = 1, 2, 3
_LEVELS = {"add": _SUM, "subtract": _SUM, "multiply": _PRODUCT, "divide": _PRODUCT}


def rule(graph: Graph, naming: Naming) -> list[str]:
    """Return one line for each equation, in an executable order, and the return.

    Args:
        graph: graph as traced, not lowered.
        naming: names of its constants.
    """
    shown = equations(graph)
    events: list[Event] = [(value, ()) for value in (*graph.array_inputs, graph.schedule)]
    events += shown.items()
    outputs = tuple(output for output in graph.outputs if isinstance(output, Value))
    events.append((None, outputs))
    names = allot(events, {constant.name for constant in naming.constants})
    constants = naming.names

    def text(operand: Operand, level: int = 0) -> str:
        if isinstance(operand, Number):
            return constants.get(operand, operand.text)
        return names[operand] if operand in names else written(operand, level)

    def written(value: Value, level: int = 0) -> str:
        symbol = OPS[value.op].symbol
        if symbol is None:
            return f"{value.op}({', '.join(map(text, value.args))})"
        own = _LEVELS[value.op]
        left, right = value.args
        line = f"{text(left, own)} {symbol} {text(right, own + 1)}"
        return f"({line})" if own < level else line

    lines = [f"{names[value]} = {written(value)}" for value in shown]
    return [*lines, f"return {', '.join(map(text, graph.outputs))}"]
