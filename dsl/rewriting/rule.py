"""A rule of rewriting: an equation between patterns, and how far it can be trusted."""

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
    """How far two sides of a rule agree."""

    EXACT = "exact"
    """Bit for bit, for every float32."""
    ALGEBRAIC = "algebraic"
    """In real numbers; in float32 up to rounding, overflow and underflow."""
    PROTECTED = "protected"
    """In real numbers, but for the 1e-8 that guards a division."""
    CONDITIONAL = "conditional"
    """Where the condition holds, up to rounding."""


class Group(enum.StrEnum):
    """When the engine uses a rule in one of its two directions."""

    LEAN = "lean"
    """Always: what it brings is no larger, or opens the way to what is smaller."""
    REGROUP = "regroup"
    """Always: sums and products in another order."""
    EXPAND = "expand"
    """Once nothing else helps: it makes terms larger."""


Guard = Callable[[Mapping[str, Fraction]], bool]
"""Whether a rule holds for the numbers that its variables stand for, by their names."""


@dataclasses.dataclass(frozen=True, eq=False)
class Rule:
    """One equation.

    Attributes:
        name: the equation in words of the language.
        left, right: its sides, as patterns; the right one has no variable of its own.
        warrant: how far they agree.
        condition: where they do, in words; empty for everywhere.
        group: when the engine goes from left to right.
        back: when it goes from right to left; None for never.
        guard: for which numbers the rule holds.
        distinct: names of two variables that must not be the same, or nothing would end.
        divisors: names of variables that, where they are numbers, must be so large that 1e-8
            added to them does nothing.
        domain: between which numbers the condition holds, for the measurement.
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
        """Whether the rule may be used for what its variables stand for."""
        terms = {str(leaf.label): term for leaf, term in bound.items() if leaf.op == INPUT}
        numbers = {name: v for name, term in terms.items() if (v := value_of(term)) is not None}
        return (
            (self.guard is None or self.guard(numbers))
            and not (self.distinct and terms[self.distinct[0]] is terms[self.distinct[1]])
            and all(name not in numbers or absorbs_guard(numbers[name]) for name in self.divisors)
            and (self.justification is not Justification.CONDITIONAL or self._holds_for(numbers))
        )

    def watched_terms(self, bound: Binding) -> tuple[Term, ...]:
        """What the guard or the condition depends on, but for numbers."""
        told = set(self.divisors) | set(re.findall(r"\b[xyz]\b", self.condition))
        return tuple(
            term
            for leaf, term in bound.items()
            if leaf.op == INPUT and leaf.label in told and value_of(term) is None
        )

    def _holds_for(self, numbers: Mapping[str, Fraction]) -> bool:
        """Whether the condition holds where a variable is a known number."""
        least, largest = self.domain
        return all(value and least <= value <= largest for value in numbers.values())

    def results(self, term: Term) -> Iterator[Term]:
        """What the rule makes of a term, as a whole, from left to right or back."""
        leaves = {leaf for leaf in walk(self.left) if leaf.op == INPUT}
        for source, target in ((self.left, self.right), (self.right, self.left)):
            for bound in matches(source, term, {}):
                if leaves <= bound.keys() and self.allows(bound):
                    result = as_wide(instantiate(target, bound), term.kind)
                    if result.kind is term.kind:
                        yield result


def rule(left: str, right: str, justification: Justification, condition: str = "", **properties) -> Rule:
    """A rule from the text of its sides."""
    name = f"{left} = {right}"
    return Rule(name, pattern(left), pattern(right), justification, condition, **properties)
