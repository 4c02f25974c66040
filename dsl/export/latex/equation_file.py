"""A program as the equations of a paper: an `align*` that needs amsmath alone.

Weights are theta, the gradient is g, the schedule value is eta; a state has the index t - 1 where
its old value is read. What is read once is written where it is read.
"""

import functools
from collections.abc import Sequence

from lionhunt.dsl.export.dataflow import Graph, Number, Operand, Value
from lionhunt.dsl.export.docstrings import ExportContext, prepare
from lionhunt.dsl.export.equation_choice import equations
from lionhunt.dsl.export.latex.formulas import (
    ATOM,
    DEFINITIONS,
    POWER,
    Formula,
    formula,
    number_formula,
)
from lionhunt.dsl.export.latex.symbols import (
    constant_symbols,
    new_state_symbol,
    number_symbol,
    value_symbols,
)
from lionhunt.dsl.export.signs import non_negative
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import ProgramDoc


def to_latex(program: Program, name: str, notes: ProgramDoc) -> str:
    """The update rule as equations, what its symbols are, and comments on constants and functions.

    Args:
        program: any valid program.
        name: what to call it.
        notes: what its docstring says.

    Raises:
        InvalidProgram: the program cannot run.
    """
    subject = prepare(program, name, notes)
    symbols = constant_symbols(subject.naming.constants)
    rows = [f"  {left} &= {right}" for left, right in _rows(subject)]
    lines = [
        _comment(notes.summary or subject.name),
        r"\begin{align*}",
        *(f"{row} \\\\" for row in rows[:-1]),
        rows[-1],
        r"\end{align*}",
        _where(subject),
        *(
            _comment(f"{symbols[each]} = {number_symbol(each.value)}: {each.meaning}")
            for each in subject.naming.constants
        ),
        *map(_comment, _definitions(subject.graph)),
    ]
    return "\n".join(lines) + "\n"


def _rows(subject: ExportContext) -> list[tuple[str, str]]:
    """The left and the right side of each equation."""
    graph, places = subject.graph, subject.naming.places
    shown = equations(graph)
    symbols = value_symbols(graph, shown)
    names = constant_symbols(subject.naming.constants)
    signs = non_negative(graph)

    @functools.cache
    def read(operand: Operand) -> Formula:
        if isinstance(operand, Number):
            constant = places.get(operand)
            return (names[constant], ATOM) if constant else number_formula(operand)
        if operand not in symbols:
            return formula(operand, read, signs)
        return symbols[operand], POWER if "^" in symbols[operand] else ATOM

    rows = [(symbols[value], formula(value, read, signs)[0]) for value in shown]
    targets = ["u_t", *(new_state_symbol(symbols[state]) for state in graph.states)]
    for target, output in zip(targets, graph.outputs, strict=True):
        if (source := read(output)[0]) != target:
            rows.append((target, source))
    return [*rows, (r"\theta_t", r"\theta_{t-1} - u_t")]


def _where(subject: ExportContext) -> str:
    """A sentence on the symbols."""
    graph = subject.graph
    symbols = value_symbols(graph, equations(graph))
    parts = [r"$\theta_t$ are the weights"]
    if graph.reads(graph.gradient):
        parts.append("$g_t$ is the gradient")
    if graph.reads(graph.schedule):
        parts.append(r"$\eta_t$ is the learning rate or its schedule")
    starts = [symbols[state].replace("t-1", "0") for state in graph.states]
    parts += [f"${start.replace('{0}', '0')} = 0$" for start in starts]
    constants = constant_symbols(subject.naming.constants)
    parts += [f"${symbol} = {number_symbol(each.value)}$" for each, symbol in constants.items()]
    return f"where {_listed(parts)}."


def _listed(parts: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(parts[:-1]), parts[-1])))


def _definitions(graph: Graph) -> list[str]:
    ops = {value.op for value in graph.values if value.op != "divide" or _is_protected(value)}
    return [text for op, text in DEFINITIONS.items() if op in ops]


def _is_protected(division: Value) -> bool:
    divisor = division.args[1]
    return not (isinstance(divisor, Number) and divisor.absorbs_eps)


def _comment(text: str) -> str:
    return "% " + "".join(c if c.isprintable() else " " for c in text)
