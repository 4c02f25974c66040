"""Checker of single steps, by pattern and on random numbers.

It uses rules and terms, and neither the e-graph nor its proofs. A step replaces one term by
another, at one or several places, by one rule in either direction.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.patterns import (
    Binding,
    argument_orders,
    as_wide,
    instantiate,
    matches,
    value_of,
)
from lionhunt.dsl.rewriting.rational_arithmetic import RATIONAL, compute, compute_as_machine
from lionhunt.dsl.rewriting.rule import Justification, Rule
from lionhunt.dsl.rewriting.rules import ARITHMETIC, MACHINE
from lionhunt.dsl.rewriting.term_evaluation import draw_value, evaluate, flatten
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER, Term, walk

TOLERANCES = {
    Justification.EXACT: 1e-9,
    Justification.ALGEBRAIC: 1e-9,
    Justification.PROTECTED: 1e-5,
    Justification.CONDITIONAL: 1e-9,
}
"""Largest difference of a rule's sides in float64, relative to the largest intermediate value.

Random divisors are at least 0.05, so a guard of 1e-8 beside a product of two makes up 4e-6.
"""

NUM_DRAWS = 4
"""Number of random inputs, of 17 elements each, on which a step is checked."""

MAX_DIFFERING = 0.95
"""Largest share of the elements of the replaced term that may differ.

A correct step can change elements that are rounding noise, such as differences of equal values. A
wrong step changes nearly all elements.
"""


class WrongStep(AssertionError):
    """A step does not follow from its rule; this is a bug of rewriting."""


class Change(NamedTuple):
    """Replacement that a step makes.

    Attributes:
        before, after: replaced term and new term.
        rule: rule by which they are equal.
        bound: binding of the variables on the rule's left side.
    """

    before: Term
    after: Term
    rule: Rule
    bound: Binding


def check_step(before: Term, after: Term, rule: Rule, justification: Justification) -> Change:
    """Check that one program follows from another by one rule, and return the change.

    Args:
        before, after: arranged outputs of the programs.
        rule: rule of the step.
        justification: justification that the step claims.

    Raises:
        WrongStep: The rule does not make the step, its sides differ on random numbers, or it has
            another justification.
    """
    if rule.justification is not justification:
        raise WrongStep(f"'{rule.name}' is {rule.justification}, not {justification}")
    change = find_change(before, after, [rule])
    if change is None:
        raise WrongStep(f"'{rule.name}' does not make '{after}' of '{before}'")
    if rule in (ARITHMETIC, MACHINE):
        # `find_change` has computed the value again.
        return change
    if not _sides_agree(rule, change.bound):
        raise WrongStep(f"'{rule.name}' is wrong on random numbers")
    is_everywhere = justification in (Justification.EXACT, Justification.ALGEBRAIC)
    if is_everywhere and not _values_agree(change):
        raise WrongStep(f"'{rule.name}' changes a value on random numbers")
    return change


def find_change(before: Term, after: Term, rules: Iterable[Rule]) -> Change | None:
    """Return the change by one of the rules that turns one term into another, or None."""
    pairs = sorted(_replacements(before, after), key=lambda pair: (pair[0].key, pair[1].key))
    for rule in rules:
        for old, new in pairs:
            for bound in _bindings(rule, old, new):
                return Change(old, new, rule, bound)
    return None


def _replacements(before: Term, after: Term) -> frozenset[tuple[Term, Term]]:
    """Return the pairs of an old and a new part that, replaced, turn `before` into `after`."""
    done: dict[tuple[Term, Term], frozenset[tuple[Term, Term]]] = {}
    stack = [(before, after)]
    while stack:
        pair = stack[-1]
        alternatives = _alignments(*pair)
        missing = [below for pairs in alternatives for below in pairs if below not in done]
        stack.extend(missing)
        if not missing:
            stack.pop()
            common = [frozenset.intersection(*(done[p] for p in pairs)) for pairs in alternatives]
            own = {pair} if pair[0].kind is pair[1].kind and pair[0] is not pair[1] else set()
            done[pair] = frozenset(own).union(*common)
    return done[before, after]


def _alignments(one: Term, other: Term) -> list[list[tuple[Term, Term]]]:
    """Return, for each way to pair the arguments of two like functions, the pairs that differ."""
    if one is other or one.op != other.op or not one.args:
        return []
    ways = [zip(one.args, args, strict=True) for args in argument_orders(other.op, other.args)]
    differing = [dict.fromkeys(pair for pair in way if pair[0] is not pair[1]) for way in ways]
    return [list(pairs) for pairs in differing if pairs]


def _bindings(rule: Rule, old: Term, new: Term) -> Iterator[Binding]:
    """Yield the bindings under which a rule turns one term into another, in either direction."""
    for left, right in ((old, new), (new, old)):
        if rule in (ARITHMETIC, MACHINE):
            if _is_value(rule, left, right):
                yield {left: left, right: right}
        elif left.op == rule.left.op:
            for bound in matches(rule.left, left, {}):
                if rule.allows(bound):
                    if as_wide(instantiate(rule.right, bound), left.kind) is right:
                        yield bound


def _is_value(rule: Rule, term: Term, value: Term) -> bool:
    """Return True if a function of numbers has a value, by the arithmetic of the rule."""
    args = [number for arg in term.args if (number := value_of(arg)) is not None]
    if term.op not in OPS or value.op != NUMBER or len(args) < len(term.args):
        return False
    if rule is ARITHMETIC:
        return term.op in RATIONAL and compute(term.op, *args) == value.label
    is_counted = OPS[term.op].reduces and any(arg.kind is not Kind.SCALAR for arg in term.args)
    return not is_counted and compute_as_machine(term.op, *args) == value.label


def _sides_agree(rule: Rule, bound: Binding) -> bool:
    """Return True if the sides of a rule agree on random numbers within its tolerance."""
    rng = np.random.default_rng(0)
    for _ in range(NUM_DRAWS):
        inputs = {
            leaf: draw_value(rng, term.kind, rule.domain)
            for leaf, term in bound.items()
            if leaf.op == INPUT and value_of(term) is None
        }
        inputs |= {
            leaf: evaluate([term], {})[term]
            for leaf, term in bound.items()
            if leaf.op == INPUT and leaf not in inputs
        }
        values = evaluate([rule.left, rule.right], inputs)
        left, right = flatten(values[rule.left]), flatten(values[rule.right])
        sizes = np.abs([flatten(value) for value in values.values()])
        with np.errstate(all="ignore"):
            size = np.maximum(np.max(sizes, axis=0), 1e-3)
            is_close = np.abs(left - right) <= TOLERANCES[rule.justification] * size
        # Rules hold for real numbers. They claim nothing where x / -1e-8 is infinite.
        is_close |= np.isinf(sizes).any(axis=0) | (np.isnan(left) & np.isnan(right))
        if not is_close.all():
            return False
    return True


def _inputs(roots: Sequence[Term], rng: np.random.Generator, dtype) -> dict[Term, object]:
    """Return random inputs of a program: normal trees, and a schedule between 0.1 and 1."""
    result = {}
    for term in sorted(walk(*roots), key=lambda term: term.key):
        if term.op == INPUT and term.kind is Kind.SCALAR:
            result[term] = dtype(rng.uniform(0.1, 1.0))
        elif term.op == INPUT:
            result[term] = tuple(
                np.asarray(rng.standard_normal(x.shape), dtype)
                for x in draw_value(rng, term.kind, (0.0, 1.0))
            )
    return result


def _values_agree(change: Change) -> bool:
    """Return True if the replaced and the new term agree on random inputs of the program.

    The outputs are not compared: later functions, such as a sign, may enlarge rounding noise.
    """
    roots = (change.before, change.after)
    rng = np.random.default_rng(0)
    differ: list[bool] = []
    for _ in range(NUM_DRAWS):
        values = evaluate(roots, _inputs(roots, rng, np.float64))
        one, other = (flatten(values[root]) for root in roots)
        are_finite = np.isfinite(one) & np.isfinite(other)
        with np.errstate(all="ignore"):
            size = np.max([np.abs(flatten(value)) for value in values.values()], axis=0)
            differ += list((np.abs(one - other) > 1e-6 * size)[are_finite])
    return not differ or bool(np.mean(differ) <= MAX_DIFFERING)


def max_relative_difference(before: Term, after: Term) -> float:
    """Return the largest relative difference of two programs' outputs on random float32 inputs.

    It is 1 where only one of the two outputs is infinite or NaN.
    """
    rng = np.random.default_rng(0)
    pairs = []
    for _ in range(NUM_DRAWS):
        values = evaluate([before, after], _inputs([before], rng, np.float32), np.float32)
        pairs += zip(values[before], values[after], strict=True)
    one, other = (np.concatenate([flatten(pair[i]) for pair in pairs], dtype=float) for i in (0, 1))
    are_finite = np.isfinite(one) & np.isfinite(other)
    are_same = (one == other) | (np.isnan(one) & np.isnan(other))
    largest = np.maximum(np.maximum(np.abs(one), np.abs(other)), np.finfo(np.float32).tiny)
    with np.errstate(invalid="ignore"):
        apart = np.where(are_finite, np.abs(one - other) / largest, ~are_same)
    return float(np.max(apart, initial=0.0))
