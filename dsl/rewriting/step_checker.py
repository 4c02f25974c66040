"""The check of single steps: by pattern and by numbers, and without the engine.

It knows the rules and the terms alone. A step replaces one term by another, in one place or in
several, by one rule, in either direction.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.rewriting import rational_arithmetic as numbers
from lionhunt.dsl.rewriting.patterns import Binding, as_wide, instantiate, matches, value_of
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
"""How far the sides of a rule may differ in float64, relative to the largest number met; a guard of
1e-8 beside divisors of 0.05 and of products of two such is 4e-6."""

NUM_DRAWS = 4
"""Random inputs of 17 numbers each that a step is tried on."""

MOST = 0.95
"""Share of the numbers of what a step replaces that may differ: parts of it that are noise, such as
a difference of equals, can change much in right steps; where all changes, a step is wrong."""


class WrongStep(AssertionError):
    """A step that does not follow from its rule: an error of the engine."""


class Change(NamedTuple):
    """What a step does.

    Attributes:
        before, after: the term that is replaced, and the one in its place.
        rule: why they are equal.
        bound: what the variables of the rule's left side stand for.
    """

    before: Term
    after: Term
    rule: Rule
    bound: Binding


def check_step(before: Term, after: Term, rule: Rule, warrant: Justification) -> Change:
    """Checks that a program follows from another one by one rule, and returns what changes.

    Args:
        before, after: the arranged outputs of the programs.
        warrant: what the step claims.

    Raises:
        WrongStep: it does not, the rule's sides are not equal on random numbers, or they have
            another warrant.
    """
    if rule.justification is not warrant:
        raise WrongStep(f"'{rule.name}' is {rule.justification}, not {warrant}")
    change = find_change(before, after, [rule])
    if change is None:
        raise WrongStep(f"'{rule.name}' does not make '{after}' of '{before}'")
    if not sides_agree(rule, change.bound):
        raise WrongStep(f"'{rule.name}' is wrong on random numbers")
    if warrant in (Justification.EXACT, Justification.ALGEBRAIC) and not _values_agree(change):
        raise WrongStep(f"'{rule.name}' changes a value on random numbers")
    return change


def find_change(before: Term, after: Term, rules: Iterable[Rule]) -> Change | None:
    """The change by one of the rules that makes one program of another; None if there is none."""
    places = sorted(_places(before, after), key=lambda pair: (pair[0].key, pair[1].key))
    for rule in rules:
        for old, new in places:
            for bound in _uses(rule, old, new):
                return Change(old, new, rule, bound)
    return None


def _places(before: Term, after: Term) -> frozenset[tuple[Term, Term]]:
    """The pairs of terms such that putting one for the other makes `after` of `before`."""
    found: dict[tuple[Term, Term], frozenset[tuple[Term, Term]]] = {}
    stack = [(before, after)]
    while stack:
        pair = stack[-1]
        alternatives = _alignments(*pair)
        missing = [each for pairs in alternatives for each in pairs if each not in found]
        stack.extend(missing)
        if not missing:
            stack.pop()
            common = [frozenset.intersection(*(found[p] for p in pairs)) for pairs in alternatives]
            own = {pair} if pair[0].kind is pair[1].kind and pair[0] is not pair[1] else set()
            found[pair] = frozenset(own).union(*common)
    return found[before, after]


def _alignments(one: Term, other: Term) -> list[list[tuple[Term, Term]]]:
    """Ways in which two terms are the same function of arguments: the pairs that differ."""
    if one is other or one.op != other.op or not one.args:
        return []
    ways = [list(zip(one.args, other.args, strict=True))]
    if one.op in OPS and OPS[one.op].commutative:
        ways.append(list(zip(one.args, other.args[::-1], strict=True)))
    ways = [[pair for pair in way if pair[0] is not pair[1]] for way in ways]
    return [list(dict.fromkeys(way)) for way in ways if way]


def _uses(rule: Rule, old: Term, new: Term) -> Iterator[Binding]:
    """What a rule's variables stand for where it makes one term of another, in a direction."""
    for left, right in ((old, new), (new, old)):
        if rule is ARITHMETIC or rule is MACHINE:
            if _is_value(rule, left, right):
                yield {left: left, right: right}
        elif left.op == rule.left.op:
            for bound in matches(rule.left, left, {}):
                if rule.allows(bound):
                    if as_wide(instantiate(rule.right, bound), left.kind) is right:
                        yield bound


def _is_value(rule: Rule, term: Term, value: Term) -> bool:
    """Whether a function of numbers has that value."""
    args = [number for arg in term.args if (number := value_of(arg)) is not None]
    if term.op not in OPS or value.op != NUMBER or len(args) < len(term.args):
        return False
    if rule is ARITHMETIC:
        return term.op in numbers.RATIONAL and numbers.compute(term.op, *args) == value.label
    is_counted = OPS[term.op].reduces and any(arg.kind is not Kind.SCALAR for arg in term.args)
    return not is_counted and numbers.compute_as_machine(term.op, *args) == value.label


def sides_agree(rule: Rule, bound: Binding) -> bool:
    """Whether the sides of a rule are equal on random numbers, as its warrant claims."""
    if rule is ARITHMETIC or rule is MACHINE:
        return True  # the value was computed again
    rng = np.random.default_rng(0)
    for _ in range(NUM_DRAWS):
        inputs = {
            leaf: draw_value(rng, term.kind, rule.domain)
            for leaf, term in bound.items()
            if leaf.op == INPUT and value_of(term) is None
        }
        known = {leaf: term for leaf, term in bound.items() if leaf not in inputs}
        inputs |= {
            leaf: evaluate([term], {})[term] for leaf, term in known.items() if leaf.op == INPUT
        }
        values = evaluate([rule.left, rule.right], inputs)
        left, right = flatten(values[rule.left]), flatten(values[rule.right])
        met = np.abs([flatten(value) for value in values.values()])
        with np.errstate(all="ignore"):
            size = np.maximum(np.max(met, axis=0), 1e-3)
            is_close = np.abs(left - right) <= TOLERANCES[rule.justification] * size
        # Rules speak of real numbers: where an infinity is met, as in x / -1e-8, they say nothing.
        is_close |= np.isinf(met).any(axis=0) | (np.isnan(left) & np.isnan(right))
        if not is_close.all():
            return False
    return True


def _inputs(roots: Sequence[Term], rng: np.random.Generator, dtype) -> dict[Term, object]:
    """Random values of the inputs of a program: normal, the schedule between 0 and 1."""
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
    """Whether what a step replaces has the same value on random inputs of the program.

    What comes of it later is not asked: the sign of a difference of equals is noise.
    """
    if change.rule is ARITHMETIC or change.rule is MACHINE:
        return True  # the value was computed again, and rounded as float64 does not
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
    return not differ or bool(np.mean(differ) <= MOST)


def max_relative_difference(before: Term, after: Term) -> float:
    """The largest relative difference of the outputs in float32, on random inputs.

    It is 1 where only one of the two overflows, or is no number.
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
