"""Rules of rewriting: equations between patterns, each with a justification."""

import dataclasses
import enum
import re
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from lionhunt.dsl.rewriting.patterns import (
    Binding,
    as_wide,
    instantiate,
    matches,
    pattern,
    value_of,
)
from lionhunt.dsl.rewriting.rational_arithmetic import absorbs_guard
from lionhunt.dsl.rewriting.terms import INPUT, Term, walk


class Justification(enum.StrEnum):
    """Sense in which a step keeps the program. Rules have none of the last two."""

    EXACT = "exact"
    """Both sides agree bit for bit, for every float32."""
    ALGEBRAIC = "algebraic"
    """Both sides agree in real numbers; float32 adds rounding, overflow and underflow."""
    PROTECTED = "protected"
    """Both sides agree in real numbers without the 1e-8 that guards a division."""
    CONDITIONAL = "conditional"
    """Both sides agree up to rounding where the condition holds."""
    SETTLED = "settled"
    """Both sides agree bit for bit once states have settled; the first steps differ."""
    MEASURED = "measured"
    """Training on tasks showed that the step is harmless; no rule says so."""


class Group(enum.StrEnum):
    """Time at which saturation applies one direction of a rule."""

    LEAN = "lean"
    """Always: the result is no larger, or it enables a smaller one."""
    REGROUP = "regroup"
    """Always: the result is a sum or a product in another order."""
    EXPAND = "expand"
    """Only after nothing else helps: the result is larger."""


Guard = Callable[[Mapping[str, Fraction]], bool]
"""Predicate on the numbers bound to a rule's variables, by variable name."""


@dataclasses.dataclass(frozen=True, eq=False)
class Rule:
    """One equation.

    Attributes:
        name: the equation as program text.
        left, right: its sides, as patterns. Every variable of the right side is on the left.
        justification: sense in which the sides agree.
        condition: the condition under which they agree, as text; empty for none.
        group: time at which saturation applies the rule from left to right.
        back: time at which it applies the rule from right to left; None for never.
        guard: predicate that numbers must satisfy.
        distinct: names of two variables that must differ, so that saturation ends.
        divisors: names of variables that, if bound to numbers, must be so large that adding 1e-8
            changes nothing.
        domain: range of the inputs in which the condition holds, for tests on random numbers.
    """

    name: str
    left: Term
    right: Term
    justification: Justification
    condition: str = ""
    group: Group = Group.LEAN
    back: Group | None = None
    guard: Guard | None = None
    distinct: str = ""
    divisors: str = ""
    domain: tuple[float, float] = (-8.0, 8.0)

    def allows(self, bound: Binding) -> bool:
        """Return True if the rule may be applied under a binding."""
        terms = {str(leaf.label): term for leaf, term in bound.items() if leaf.op == INPUT}
        numbers = {name: v for name, term in terms.items() if (v := value_of(term)) is not None}
        is_conditional = self.justification is Justification.CONDITIONAL
        return (
            (self.guard is None or self.guard(numbers))
            and not (self.distinct and terms[self.distinct[0]] is terms[self.distinct[1]])
            and all(name not in numbers or absorbs_guard(numbers[name]) for name in self.divisors)
            and not (is_conditional and not all(map(self._is_in_domain, numbers.values())))
        )

    def _is_in_domain(self, value: Fraction) -> bool:
        least, largest = self.domain
        return value != 0 and least <= value <= largest

    def watched_terms(self, bound: Binding) -> tuple[Term, ...]:
        """Return the terms on which the guard or the condition depends, except numbers."""
        names = set(self.divisors) | set(re.findall(r"\b[xyz]\b", self.condition))
        return tuple(
            term
            for leaf, term in bound.items()
            if leaf.op == INPUT and leaf.label in names and value_of(term) is None
        )

    def results(self, term: Term) -> Iterator[Term]:
        """Yield each term that the rule makes of a whole term, in both directions."""
        leaves = {leaf for leaf in walk(self.left) if leaf.op == INPUT}
        for source, target in ((self.left, self.right), (self.right, self.left)):
            for bound in matches(source, term, {}):
                if leaves <= bound.keys() and self.allows(bound):
                    result = as_wide(instantiate(target, bound), term.kind)
                    if result.kind is term.kind:
                        yield result


def rule(
    left: str, right: str, justification: Justification, condition: str = "", **properties
) -> Rule:
    """Build a rule from the text of its sides.

    Args:
        left, right: patterns, such as "x / abs(x)" and "sign(x)".
        justification: sense in which the sides agree.
        condition: the condition under which they agree, as text.
        **properties: further attributes of the `Rule`.
    """
    name = f"{left} = {right}"
    return Rule(name, pattern(left), pattern(right), justification, condition, **properties)
