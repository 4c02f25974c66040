"""Scalars of a torch file: numbers of Python, unless a function takes tensors alone."""

from lionhunt.dsl.export.dataflow import Graph, Number, Operand
from lionhunt.dsl.export.python.passes import WHOLE_TREE
from lionhunt.dsl.kinds import Kind

_ARITHMETIC = {"add", "subtract", "multiply", "divide", "negative", "interp", "cube"}
"""Functions that Python's floats have too."""

_FLOAT_SECOND = {"clip_factor", "full_like"}
"""Functions of torch whose second argument may be a float."""


def plain_scalars(graph: Graph) -> set[Operand]:
    """Return the scalars that depend on the schedule value and constants alone."""
    scalars: set[Operand] = {graph.schedule}
    for value in graph.values:
        is_scalar = value.kind is Kind.SCALAR and value.op not in WHOLE_TREE
        if is_scalar and all(isinstance(arg, Number) or arg in scalars for arg in value.args):
            scalars.add(value)
    return scalars


def wants_tensors(graph: Graph, scalars: set[Operand]) -> bool:
    """Check that a function of tensors alone reads or makes one of these scalars."""
    for value in graph.values:
        checked = value.args[:1] if value.op in _FLOAT_SECOND else value.args
        if value.op not in _ARITHMETIC and not scalars.isdisjoint((value, *checked)):
            return True
    return False
