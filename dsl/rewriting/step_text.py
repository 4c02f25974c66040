"""Text of a step: the changed terms as expressions, in the variable names of the program."""

import itertools
from collections.abc import Mapping

from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.step_checker import Change
from lionhunt.dsl.rewriting.terms import (
    INPUT,
    NUMBER,
    Term,
    arrange_arguments,
    assigned_terms,
    to_expression,
    walk,
)

MAX_NESTED = 3
"""Limit on the functions in an unnamed part; a larger one gets a name."""


def label_terms(program: Program) -> dict[Term, str]:
    """Return a name for each arranged term of a program; a reassigned name gets a number."""
    names: dict[Term, str] = {}
    taken = set(program.inputs)
    for name, term in assigned_terms(program):
        numbered = (f"{name}_{i}" for i in itertools.count(2))
        label = next(label for label in itertools.chain([name], numbered) if label not in taken)
        if names.setdefault(arrange_arguments(term), label) == label:
            taken.add(label)
    return names


def describe_change(change: Change, names: Mapping[Term, str]) -> tuple[str, str]:
    """Return the changed part before and after a step, as expressions of the language.

    Args:
        change: the step.
        names: names of the terms of the program.
    """
    parts = [term for leaf, term in change.bound.items() if leaf.op == INPUT and term.op != NUMBER]
    below = set(walk(*parts)) if parts else set()
    shown = {term: name for term, name in names.items() if term in below}
    for term in parts:
        if term not in shown and _is_long(term, shown):
            taken = {*shown.values(), *names.values()}
            shown[term] = next(t for i in itertools.count(1) if (t := f"t{i}") not in taken)
    return to_expression(change.before, shown), to_expression(change.after, shown)


def _is_long(root: Term, shown: Mapping[Term, str]) -> bool:
    size, stack = 0, [root]
    while stack and size <= MAX_NESTED:
        term = stack.pop()
        if term not in shown and term.op in OPS:
            size += 1
            stack.extend(term.args)
    return size > MAX_NESTED
