"""The replacement of states that hold one number by that number."""

from collections.abc import Mapping

from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.terms import (
    exact,
    keeps_reduction_sizes,
    number,
    substitute,
    to_program,
    to_term,
    variable,
)


def replace_states(program: Program, numbers: Mapping[str, float]) -> Program:
    """Return a valid program with some states replaced by numbers, and without these states.

    The result is the program itself if a reduction would count other elements.
    """
    root = substitute(
        to_term(program),
        {variable(s, Kind.TREE): number(exact(x), Kind.TREE) for s, x in numbers.items()},
    )
    return simplify(to_program(root, program)) if keeps_reduction_sizes(root) else program
