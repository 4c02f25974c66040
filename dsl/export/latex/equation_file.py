"""A program as the equations of a paper: an `align*` that needs amsmath alone.

Weights are theta, the gradient is g, the schedule value is eta. The old value of a state has the
index t - 1. A value that is read once is written inline.
"""

import functools
from collections.abc import Sequence

from lionhunt.dsl.export.constant_names import Constant
from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.docstrings import ExportContext, prepare, printable
from lionhunt.dsl.export.equation_choice import equations
from lionhunt.dsl.export.latex.formulas import (
    ATOM,
    DEFINITIONS,
    POWER,
    Formula,
    formula,
    is_protected,
    number_formula,
)
from lionhunt.dsl.export.latex.own_formulas import definition, has_formula
from lionhunt.dsl.export.latex.symbols import (
    constant_symbols,
    new_state_symbol,
    number_symbol,
    value_symbols,
)
from lionhunt.dsl.export.signs import non_negative
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc


def to_latex(program: Program, name: str, doc: ProgramDoc) -> str:
    """Return the update rule as equations, with its symbols, constants and functions explained.

    Args:
        program: any valid program.
        name: name of the optimizer.
        doc: docstring of the program.

    Raises:
        InvalidProgram: the program cannot run.
    """
    context = prepare(program, name, doc)
    shown = equations(context.graph)
    values = value_symbols(context.graph, shown)
    constants = constant_symbols(context.naming.constants)
    rows = [f"  {left} &= {right}" for left, right in _rows(context, shown, values, constants)]
    lines = [
        _comment(printable(doc.summary).strip() or context.name),
        r"\begin{align*}",
        *(f"{row} \\\\" for row in rows[:-1]),
        rows[-1],
        r"\end{align*}",
        _where(context.graph, values, constants),
        *(
            _comment(f"{symbol} = {number_symbol(constant.value)}: {constant.meaning}")
            for constant, symbol in constants.items()
        ),
        *map(_comment, _definitions(context.graph)),
    ]
    return "\n".join(lines) + "\n"


def _rows(
    context: ExportContext,
    shown: dict[Value, tuple[Value, ...]],
    values: dict[Value, str],
    constants: dict[Constant, str],
) -> list[tuple[str, str]]:
    """Return the left and the right side of each equation."""
    graph, places = context.graph, context.naming.places
    signs = non_negative(graph)

    @functools.cache
    def read(operand: Operand) -> Formula:
        if isinstance(operand, Number):
            constant = places.get(operand)
            return (constants[constant], ATOM) if constant else number_formula(operand)
        if operand not in values:
            return formula(operand, read, signs)
        return values[operand], POWER if "^" in values[operand] else ATOM

    rows = [(values[value], formula(value, read, signs)[0]) for value in shown]
    targets = ["u_t", *(new_state_symbol(values[state]) for state in graph.states)]
    for target, output in zip(targets, graph.outputs, strict=True):
        if (source := read(output)[0]) != target:
            rows.append((target, source))
    return [*rows, (r"\theta_t", r"\theta_{t-1} - u_t")]


def _where(graph: Graph, values: dict[Value, str], constants: dict[Constant, str]) -> str:
    """Return a sentence that explains the symbols."""
    parts = [r"$\theta_t$ are the weights"]
    if graph.reads(graph.gradient):
        parts.append("$g_t$ is the gradient")
    if graph.reads(graph.schedule):
        parts.append(r"$\eta_t$ is the learning rate or its schedule")
    starts = [values[state].replace("t-1", "0") for state in graph.states]
    parts += [f"${start.replace('{0}', '0')} = 0$" for start in starts]
    parts += [
        f"${symbol} = {number_symbol(constant.value)}$" for constant, symbol in constants.items()
    ]
    return f"where {_listed(parts)}."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _definitions(graph: Graph) -> list[str]:
    ops = {value.op for value in graph.values if value.op != "divide" or is_protected(value)}
    own = [OPS[name] for name in dict.fromkeys(value.op for value in graph.values)]
    named = [definition(op) for op in own if op.own and not has_formula(op)]
    return [text for op, text in DEFINITIONS.items() if op in ops] + named


def _comment(text: str) -> str:
    return f"% {printable(text)}"
