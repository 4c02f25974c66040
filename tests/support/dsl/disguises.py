"""Longer forms of programs: rewriting rules applied backwards, at random places."""

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.patterns import NUMBERS, SCALARS, as_wide, instantiate, matches
from lionhunt.dsl.rewriting.rule import Rule
from lionhunt.dsl.rewriting.rules import RULES
from lionhunt.dsl.rewriting.terms import (
    INPUT,
    OUTPUTS,
    Term,
    arrange_arguments,
    number,
    substitute,
    to_program,
    to_term,
    walk,
)

FACTORS = [Fraction(value) for value in ("0.5", "2", "0.25", "3", "-1", "-2", "0.1", "1")]


def disguise(program: Program, rng: np.random.Generator, num_rules: int) -> Program:
    """Return a program after `num_rules` rules, each applied from right to left at some place.

    Rules do not apply to functions of numbers: rounding would make another program of it.
    """
    root = arrange_arguments(to_term(program))
    while num_rules:
        parts = [term for term in walk(root) if term.op != OUTPUTS and _depends_on_inputs(term)]
        place = parts[rng.integers(len(parts))]
        rule = RULES[rng.integers(len(RULES))]
        longer = list(_longer(rule, place, parts, rng))
        if longer:
            new = longer[rng.integers(len(longer))]
            root = arrange_arguments(substitute(root, {place: new}))
            num_rules -= 1
    return to_program(root, program)


def _depends_on_inputs(root: Term) -> bool:
    return any(term.op == INPUT for term in walk(root))


def _longer(rule: Rule, place: Term, parts: list[Term], rng) -> Iterator[Term]:
    """Yield the left sides of a rule that may replace a term."""
    leaves = [leaf for leaf in walk(rule.left) if leaf.op == INPUT]
    for bound in matches(rule.right, place, {}):
        bindings = dict(bound)
        for leaf in leaves:
            if leaf not in bindings:
                bindings[leaf] = _draw_binding(leaf, bindings, parts, rng)
        new = as_wide(instantiate(rule.left, bindings), place.kind)
        if rule.allows(bindings) and new.kind is place.kind and _is_valid(new):
            yield new


def _draw_binding(leaf: Term, bindings: dict[Term, Term], parts: list[Term], rng) -> Term:
    if leaf.label == "p":
        other = next(term.label for key, term in bindings.items() if key.label == "q")
        assert isinstance(other, Fraction)
        return number(1 - other)
    scalars = [term for term in parts if term.kind is Kind.SCALAR]
    if leaf.label in NUMBERS or (leaf.label in SCALARS and not scalars):
        return number(FACTORS[rng.integers(len(FACTORS))])
    choices = scalars if leaf.label in SCALARS else parts
    return choices[rng.integers(len(choices))]


def _is_valid(root: Term) -> bool:
    """Check that every argument that must be a scalar is one."""
    return all(
        term.args[slot].kind is Kind.SCALAR
        for term in walk(root)
        if term.op in OPS and (slot := OPS[term.op].scalar_argument) is not None
    )
