"""Every way to remove one function from a program: one of its arguments takes its place."""

from typing import NamedTuple

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.program import Const, InvalidProgram, Program, Statement, to_line
from lionhunt.dsl.rewriting.terms import computed, substituted, to_program, to_term
from lionhunt.dsl.validation import infer


class Removal(NamedTuple):
    """One function less.

    Attributes:
        statement: the one that goes, as text.
        kept: its argument that stays, as text.
        program: the rest, without what is not needed any more.
    """

    statement: str
    kept: str
    program: Program


def removals(program: Program) -> list[Removal]:
    """The different programs with a function less, in the order of the statements.

    A factor that is a number is not removed: that would set it to 1, which is a choice of a
    constant. Nor does a number take the place of a statement. What is the program itself by its
    fingerprint is not there. A number -0.0 counts as 0.0.

    Args:
        program: a valid program, best all of it needed: what is not needed goes with the rest.
    """
    found: dict[str, Removal] = {}
    root = to_term(program)
    terms = computed(program)
    for statement, (_, term) in zip(program.statements, terms, strict=True):
        for arg, replacement in zip(statement.args, term.args, strict=True):
            if isinstance(arg, Const) or _is_scaling(statement):
                continue
            became = substituted(root, {term: replacement})
            shorter = simplify(to_program(became[root], program, became))
            try:
                infer(shorter)
            except InvalidProgram:  # a tree where a scalar is needed
                continue
            if len(shorter.statements) < len(program.statements):
                removal = Removal(to_line(statement), arg.name, shorter)
                found.setdefault(fingerprint(shorter), removal)
    found.pop(fingerprint(program), None)
    return list(found.values())


def _is_scaling(statement: Statement) -> bool:
    """Whether a statement multiplies something by a number, or divides it by one."""
    factors = {"multiply": statement.args, "divide": statement.args[1:]}
    return any(isinstance(arg, Const) for arg in factors.get(statement.op, ()))
