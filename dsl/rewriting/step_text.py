"""How a step is told: the terms that it changes, with the author's names for the rest."""

from collections.abc import Mapping

from lionhunt.dsl.ops import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.step_checker import Change
from lionhunt.dsl.rewriting.terms import (
    INPUT,
    NUMBER,
    Term,
    arranged,
    computed,
    to_expression,
    walk,
)

MAX_NESTED = 3
"""Functions of an expression without names above which it gets a name."""


def label_terms(program: Program) -> dict[Term, str]:
    """A name for each arranged term that a program computes; a name used again gets a number."""
    names: dict[Term, str] = {}
    taken = set(program.inputs)
    for name, term in computed(program):
        count, label = 1, name
        while label in taken:
            count += 1
            label = f"{name}_{count}"
        if names.setdefault(arranged(term), label) == label:
            taken.add(label)
    return names


def describe_change(change: Change, names: Mapping[Term, str]) -> tuple[str, str]:
    """What a step changes, before and after, as expressions of the language."""
    parts = [term for leaf, term in change.bound.items() if leaf.op == INPUT and term.op != NUMBER]
    below = set(walk(*parts)) if parts else set()
    known = {term: name for term, name in names.items() if term in below}
    for term in parts:
        if term not in known and _size(term, known) > MAX_NESTED:
            known[term] = _fresh(known, names)
    return to_expression(change.before, known), to_expression(change.after, known)


def _fresh(known: Mapping[Term, str], names: Mapping[Term, str]) -> str:
    taken = {*known.values(), *names.values()}
    return next(name for i in range(1, len(taken) + 2) if (name := f"t{i}") not in taken)


def _size(root: Term, known: Mapping[Term, str]) -> int:
    """The functions of an expression as it is written, up to one more than is nested."""
    size, stack = 0, [root]
    while stack and size <= MAX_NESTED:
        term = stack.pop()
        if term not in known and term.op in OPS:
            size += 1
            stack.extend(term.args)
    return size
