"""Ablations: a program without one of its functions, or without one of its states.

An argument takes the place of a function. Zero, where a state begins, takes the place of the state.
"""

from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.edits.constant_states import replace_states
from lionhunt.dsl.program import Const, InvalidProgram, Program, Statement, to_line
from lionhunt.dsl.rewriting.terms import assigned_terms, substitute_parts, to_program, to_term
from lionhunt.dsl.validation import infer


class Removal(NamedTuple):
    """A program without one of its functions, or without one of its states.

    Attributes:
        statement: the removed statement, as text; "state NAME" for a state.
        kept: the argument that takes its place, as text; "0.0" for a state.
        program: the rest, simplified.
    """

    statement: str
    kept: str
    program: Program


def list_removals(program: Program) -> list[Removal]:
    """List the removals of one function, in the order of the statements.

    The removals differ from the program and from each other by their fingerprints. A factor that
    is a number stays, since its removal would choose 1 for a constant. A number does not take the
    place of a statement. A number -0.0 counts as 0.0.

    Args:
        program: a valid program, best a simplified one: redundant statements go in every removal.
    """
    removals: dict[str, Removal] = {}
    root = to_term(program)
    terms = assigned_terms(program)
    for statement, (_, term) in zip(program.statements, terms, strict=True):
        for arg, replacement in zip(statement.args, term.args, strict=True):
            if isinstance(arg, Const) or _is_scaling(statement):
                continue
            became = substitute_parts(root, {term: replacement})
            shorter = simplify(to_program(became[root], program, became))
            try:
                infer(shorter)
            except InvalidProgram:
                # The removal puts a tree where a scalar is needed.
                continue
            if len(shorter.statements) < len(program.statements):
                removal = Removal(to_line(statement), arg.name, shorter)
                removals.setdefault(fingerprint(shorter), removal)
    removals.pop(fingerprint(program), None)
    return list(removals.values())


def list_state_removals(program: Program) -> list[Removal]:
    """List the removals of one state: the program reads 0 instead, at every step.

    The removals differ from the program and from each other by their fingerprints.

    Args:
        program: a valid program, best a simplified one.

    Example:
        >>> from lionhunt.dsl.text.parser import parse
        >>> momentum = parse("def train(w, g, m, lr): m = interp(g, m, 0.9); return m * lr, m")
        >>> [removal.statement for removal in list_state_removals(momentum)]
        ['state m']
    """
    removals: dict[str, Removal] = {}
    for state in program.states:
        shorter = replace_states(program, {state: 0.0})
        removals.setdefault(fingerprint(shorter), Removal(f"state {state}", "0.0", shorter))
    removals.pop(fingerprint(program), None)
    return list(removals.values())


def list_ablations(program: Program) -> list[Removal]:
    """List the removals of one function, then those of one state, each program once."""
    removals: dict[str, Removal] = {}
    for removal in (*list_removals(program), *list_state_removals(program)):
        removals.setdefault(fingerprint(removal.program), removal)
    return list(removals.values())


def _is_scaling(statement: Statement) -> bool:
    """Check whether a statement multiplies something by a number, or divides it by one."""
    factors = {"multiply": statement.args, "divide": statement.args[1:]}
    return any(isinstance(arg, Const) for arg in factors.get(statement.op, ()))
