"""The rules of rewriting: one table of equations, each with how far it can be trusted.

Variables are those of `dsl.rewrite.patterns`; functions mean what they mean in the language, so
`x / y` is guarded by 1e-8 and `sqrt` takes the absolute value. The tests measure every row.
"""

import dataclasses
import enum
from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction

from dsl.identities import IDENTITIES
from dsl.rewrite.numbers import absorbs_guard
from dsl.rewrite.patterns import Binding, as_wide, instantiate, matches, pattern, value_of
from dsl.rewrite.terms import INPUT, Term, walk


class Warrant(enum.StrEnum):
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
    warrant: Warrant
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
            and (self.warrant is not Warrant.CONDITIONAL or self._holds_for(numbers))
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


def rule(left: str, right: str, warrant: Warrant, condition: str = "", **properties) -> Rule:
    """A rule from the text of its sides."""
    name = f"{left} = {right}"
    return Rule(name, pattern(left), pattern(right), warrant, condition, **properties)


LEAN, REGROUP, EXPAND = Group

_BACK_OF_IDENTITY = {
    "x * x": LEAN,
    "x * -1.0": LEAN,
    "x + negative(y)": LEAN,
    "square(x) * x": LEAN,
}
"""Identities that the engine uses in both directions."""


def _exact() -> list[Rule]:
    E = Warrant.EXACT
    return [
        *(rule(left, right, E, back=_BACK_OF_IDENTITY.get(left)) for left, right in IDENTITIES),
        rule("reciprocal(x + 1e-08)", "1.0 / x", E),
        rule("log(x + 1.0)", "log1p(x)", E),
        rule("power(x, 1.0)", "x", E),
        rule("max(max(x, y), z)", "max(x, max(y, z))", E, group=REGROUP, back=REGROUP),
        rule("min(min(x, y), z)", "min(x, min(y, z))", E, group=REGROUP, back=REGROUP),
        rule("max(x, negative(x))", "abs(x)", E),
        rule("sign(x) * abs(sign(x))", "sign(x)", E),
    ]


def _sums_and_products() -> list[Rule]:
    A = Warrant.ALGEBRAIC
    return [
        rule("(x + y) + z", "x + (y + z)", A, group=REGROUP, back=REGROUP),
        rule("(x * y) * z", "x * (y * z)", A, group=REGROUP, back=REGROUP),
        rule("(x * y) / z", "x * (y / z)", A, group=REGROUP, back=REGROUP),
        rule("x / y", "x * (1.0 / y)", A, back=LEAN),
        rule("x - y", "x + y * -1.0", A, back=LEAN),
        rule("x * y + x * z", "x * (y + z)", A, back=EXPAND),
        rule("x * y - x * z", "x * (y - z)", A),
        rule("x / z + y / z", "(x + y) / z", A),
        rule("x * c + x", "x * (c + 1.0)", A),
        rule("x + x * y", "x * (1.0 + y)", A, group=EXPAND),
        rule("x + 0.0", "x", A),
        rule("reciprocal(x) * reciprocal(y)", "reciprocal(x * y)", A, back=EXPAND),
        rule("reciprocal(x * c)", "reciprocal(x) * reciprocal(c)", A),
        rule("reciprocal(reciprocal(x))", "x", A),
    ]


def _interpolations() -> list[Rule]:
    A = Warrant.ALGEBRAIC

    def is_convex(numbers):
        return numbers["p"] + numbers["q"] == 1

    return [
        rule("x * p + y * q", "interp(x, y, q)", A, "p + q = 1", guard=is_convex),
        rule("x * (1.0 - a) + y * a", "interp(x, y, a)", A, back=EXPAND),
        rule("x + (y - x) * a", "interp(x, y, a)", A),
        rule("x - (x - y) * a", "interp(x, y, a)", A),
        rule("interp(x, y, c)", "interp(y, x, 1.0 - c)", A, distinct="xy"),
        rule("interp(x, y, 1.0 - a)", "interp(y, x, a)", A, distinct="xy"),
        rule("interp(x, interp(x, y, a), b)", "interp(x, y, a * b)", A, distinct="xy"),
        rule(
            "interp(interp(x, y, a), y, b)",
            "interp(y, x, (1.0 - a) * (1.0 - b))",
            A,
            distinct="xy",
        ),
        rule("interp(x, x, a)", "x", A),
        rule("interp(x * z, y * z, a)", "interp(x, y, a) * z", A),
        rule("interp(x + z, y + z, a)", "interp(x, y, a) + z", A),
        rule("interp(x / z, y / z, a)", "interp(x, y, a) / z", A),
    ]


def _powers_and_signs() -> list[Rule]:
    A = Warrant.ALGEBRAIC

    def is_positive(numbers):
        return numbers["c"] > 0

    def is_negative(numbers):
        return numbers["c"] < 0

    return [
        rule("sqrt(square(x))", "abs(x)", A),
        rule("square(sqrt(x))", "abs(x)", A),
        rule("cbrt(cube(x))", "x", A),
        rule("cube(cbrt(x))", "x", A),
        rule("power(x, 2.0)", "square(x)", A),
        rule("power(x, 3.0)", "cube(x)", A),
        rule("power(x, -1.0)", "reciprocal(x)", A),
        *(
            rule(f"{f}(x) * {f}(y)", f"{f}(x * y)", A, back=EXPAND)
            for f in ("abs", "sign", "square", "cube", "sqrt", "cbrt")
        ),
        *(rule(f"{f}(x * c)", f"{f}(x) * {f}(c)", A) for f in ("abs", "square", "cube")),
        *(
            rule(f"{f}(reciprocal(x))", f"reciprocal({f}(x))", A, back=LEAN)
            for f in ("abs", "square", "cube", "sqrt", "cbrt")
        ),
        *(
            rule(f"{f}(x * -1.0)", f"{f}(x) * -1.0", A)
            for f in ("sin", "tan", "arcsin", "arctan", "sinh", "tanh", "arcsinh", "arctanh")
        ),
        rule("cbrt(x * -1.0)", "cbrt(x) * -1.0", A),
        *(rule(f"{f}(x * -1.0)", f"{f}(x)", A) for f in ("cos", "cosh")),
        *(rule(f"{f}(abs(x))", f"{f}(x)", A) for f in ("cos", "cosh")),
        rule("sign(x * c)", "sign(x)", A, "c > 0", guard=is_positive),
        rule("sign(x * c)", "sign(x) * -1.0", A, "c < 0", guard=is_negative),
        *(
            rule(f"sign({f}(x))", "sign(x)", A)
            for f in ("tanh", "arctan", "sinh", "arcsinh", "cbrt", "cube", "expm1")
        ),
        *(rule(f"sign({f}(x))", "abs(sign(x))", A) for f in ("abs", "square", "sqrt")),
        rule("x * sign(x)", "abs(x)", A),
        rule("abs(x) * abs(sign(x))", "abs(x)", A),
        rule("max(x, x * -1.0)", "abs(x)", A),
        rule("min(x, x * -1.0)", "abs(x) * -1.0", A),
        rule("max(x * -1.0, y * -1.0)", "min(x, y) * -1.0", A),
        rule("min(x * -1.0, y * -1.0)", "max(x, y) * -1.0", A),
        *(
            rule(f"{f}(x * c, y * c)", f"{f}(x, y) * c", A, "c > 0", guard=is_positive)
            for f in ("max", "min")
        ),
        *(rule(f"{f}(x + z, y + z)", f"{f}(x, y) + z", A) for f in ("max", "min")),
        *(rule(f"max({f}(x), 0.0)", f"{f}(x)", A) for f in ("abs", "square", "sqrt")),
        rule("max(x, y) + min(x, y)", "x + y", A),
    ]


def _exponentials_and_inverses() -> list[Rule]:
    A = Warrant.ALGEBRAIC
    pairs = (("exp", "log"), ("exp2", "log2"), ("exp10", "log10"))
    return [
        *(rule(f"{exp}({log}(x))", "abs(x)", A) for exp, log in pairs),
        *(rule(f"{log}({exp}(x))", "x", A) for exp, log in pairs),
        *(rule(f"{f}(x) * {f}(y)", f"{f}(x + y)", A, back=EXPAND) for f, _ in pairs),
        *(rule(f"{f}(x) + {f}(y)", f"{f}(x * y)", A, back=EXPAND) for _, f in pairs),
        *(rule(f"square({f}(x))", f"{f}(x * 2.0)", A) for f, _ in pairs),
        *(rule(f"reciprocal({f}(x))", f"{f}(x * -1.0)", A) for f, _ in pairs),
        *(rule(f"{f}(square(x))", f"{f}(x) * 2.0", A) for _, f in pairs),
        *(rule(f"{f}(sqrt(x))", f"{f}(x) * 0.5", A) for _, f in pairs),
        *(rule(f"{f}(reciprocal(x))", f"{f}(x) * -1.0", A) for _, f in pairs),
        rule("exp(x) - 1.0", "expm1(x)", A),
        rule("expm1(x) + 1.0", "exp(x)", A),
        rule("tan(arctan(x))", "x", A),
        rule("sinh(arcsinh(x))", "x", A),
        rule("arcsinh(sinh(x))", "x", A),
    ]


def _reductions() -> list[Rule]:
    A = Warrant.ALGEBRAIC

    def is_positive(numbers):
        return numbers["c"] > 0

    return [
        *(rule(f"{f}(x * a)", f"{f}(x) * abs(a)", A) for f in ("norm", "global_norm")),
        *(rule(f"{f}(x * a)", f"{f}(x) * a", A) for f in ("array_mean", "row_mean", "column_mean")),
        rule("dot(x * a, y)", "dot(x, y) * a", A),
        rule("square(global_norm(x))", "dot(x, x)", A),
        rule("sqrt(dot(x, x))", "global_norm(x)", A),
        rule("clip(clip(x, c), c)", "clip(x, c)", A, "c > 0", guard=is_positive),
        rule("sign(clip(x, c))", "sign(x)", A, "c > 0", guard=is_positive),
    ]


def _protected() -> list[Rule]:
    P = Warrant.PROTECTED
    return [
        # Never back: a guard would wander to where what it guards is small.
        rule("reciprocal(x)", "1.0 / x", P, "x != 0", divisors="x"),
        rule("x * reciprocal(y)", "x / y", P, "y != 0", divisors="y"),
        rule("x / abs(x)", "sign(x)", P, divisors="x"),
        rule("abs(x) / x", "sign(x)", P, "x != -1e-8", divisors="x"),
        rule("x / x", "1.0", P, "x != 0", divisors="x"),
        rule("(x * y) / y", "x", P, "y != 0", divisors="y"),
        rule("(x / y) * y", "x", P, "y != 0", divisors="y"),
        rule("(x / y) / z", "x / (y * z)", P, "y * z != 0", divisors="yz", back=EXPAND),
        rule("x / (y / z)", "(x * z) / y", P, "y * z != 0", divisors="yz"),
        rule("sin(x) / cos(x)", "tan(x)", P, "cos(x) != 0", domain=(-1.4, 1.4)),
        rule("sinh(x) / cosh(x)", "tanh(x)", P),
        rule("cosine_sim(x * c, y)", "cosine_sim(x, y)", P, "c > 0", guard=lambda n: n["c"] > 0),
    ]


def _conditional() -> list[Rule]:
    C = Warrant.CONDITIONAL
    unit, positive = {"domain": (-0.99, 0.99)}, {"domain": (0.01, 8.0)}
    return [
        rule("x * 0.0", "0.0", C, "x is finite"),
        rule("x - x", "0.0", C, "x is finite"),
        rule("interp(x, y, 0.0)", "x", C, "y is finite"),
        rule("interp(x, y, 1.0)", "y", C, "x is finite"),
        rule("max(x, min(x, y))", "x", C, "y is not NaN"),
        rule("min(x, max(x, y))", "x", C, "y is not NaN"),
        rule("x * reciprocal(x)", "1.0", C, "x != 0"),
        rule("x * reciprocal(abs(x))", "sign(x)", C, "x != 0"),
        rule("abs(x) * reciprocal(x)", "sign(x)", C, "x != 0"),
        rule("sign(reciprocal(x))", "sign(x)", C, "x != 0"),
        rule("sign(exp(x))", "1.0", C, "exp(x) is a number above 0"),
        *(rule(f"sign({f}(x))", "sign(x)", C, "|x| <= 1", **unit) for f in ("arcsin", "arctanh")),
        rule("sin(arcsin(x))", "x", C, "|x| <= 1", **unit),
        rule("cos(arccos(x))", "x", C, "|x| <= 1", **unit),
        rule("tanh(arctanh(x))", "x", C, "|x| <= 1", **unit),
        rule("arctanh(tanh(x))", "x", C, "tanh(x) is less than 1", domain=(-3.0, 3.0)),
        rule("arcsin(sin(x))", "x", C, "|x| <= pi / 2", domain=(-1.5, 1.5)),
        rule("arctan(tan(x))", "x", C, "|x| < pi / 2", domain=(-1.5, 1.5)),
        rule("arccos(cos(x))", "x", C, "0 <= x <= pi", domain=(0.1, 3.0)),
        rule("cosh(arccosh(x))", "x", C, "x >= 1", domain=(1.01, 8.0)),
        rule("expm1(log1p(x))", "x", C, "x > -1", domain=(-0.9, 8.0)),
        rule("log1p(expm1(x))", "x", C, "expm1(x) is above -1", domain=(-3.0, 8.0)),
        rule("power(x, 0.5)", "sqrt(x)", C, "x >= 0", **positive),
        rule("power(x, a) * power(x, b)", "power(x, a + b)", C, "x > 0", **positive),
    ]


RULES: tuple[Rule, ...] = (
    *_exact(),
    *_sums_and_products(),
    *_interpolations(),
    *_powers_and_signs(),
    *_exponentials_and_inverses(),
    *_reductions(),
    *_protected(),
    *_conditional(),
)
"""Every rule."""


def _of_numbers(name: str, warrant: Warrant) -> Rule:
    """The rule of a function of numbers, which has no pattern: its value is computed."""
    zero = pattern("0.0")
    return Rule(name, zero, zero, warrant)


ARITHMETIC = _of_numbers("arithmetic of numbers", Warrant.ALGEBRAIC)
"""A rational function of numbers is their exact value, which is rounded where it is used."""

MACHINE = _of_numbers("function of numbers", Warrant.EXACT)
"""A function of numbers is what the machine computes."""

NAMED = {each.name: each for each in (*RULES, ARITHMETIC, MACHINE)}
"""Every rule and what is like one, by name."""
