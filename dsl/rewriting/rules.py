"""The rule table: equations between patterns, each with its justification.

`dsl.rewriting.patterns` gives the meaning of variables. Functions have their meaning in the
language: `x / y` is guarded by 1e-8, and `sqrt` takes the absolute value. The tests measure
every row.
"""

from collections.abc import Mapping
from fractions import Fraction

from lionhunt.dsl.analysis.identities import IDENTITIES
from lionhunt.dsl.rewriting.patterns import pattern
from lionhunt.dsl.rewriting.rule import Group, Justification, Rule, rule

LEAN, REGROUP, EXPAND = Group

_BACK_OF_IDENTITY = {
    "x * x": LEAN,
    "x * -1.0": LEAN,
    "x + negative(y)": LEAN,
    "square(x) * x": LEAN,
}
"""Bit-exact identities that saturation applies in both directions, by left side."""

_NORMS = ("norm", "global_norm", "row_norm", "column_norm")
_MEANS = ("array_mean", "row_mean", "column_mean")
_MAXIMA = ("array_max", "row_max", "column_max")

_LEAST_FACTOR = Fraction("0.001")
"""Smallest factor beside a product of norms; below it the guard of 1e-8 would dominate."""


def _is_positive(numbers: Mapping[str, Fraction]) -> bool:
    return numbers["c"] > 0


def _exact() -> list[Rule]:
    E = Justification.EXACT
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
    A = Justification.ALGEBRAIC
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
        rule("x * 0.0", "0.0", A, "x is finite"),
        rule("x - x", "0.0", A, "x is finite"),
        rule("square(x) - square(y)", "(x + y) * (x - y)", A, group=EXPAND, back=EXPAND),
        rule("reciprocal(x) * reciprocal(y)", "reciprocal(x * y)", A, back=EXPAND),
        rule("reciprocal(x * c)", "reciprocal(x) * reciprocal(c)", A),
        rule("reciprocal(reciprocal(x))", "x", A),
    ]


def _interpolations() -> list[Rule]:
    A = Justification.ALGEBRAIC

    # With integer weights saturation would never end. For example,
    # `w = interp(0, w, 1) = interp(w, w + w, 0) = interp(w + w, w, 2)`.
    def is_weight(numbers):
        return all(numbers[name].denominator > 1 for name in "ac" if name in numbers)

    def is_convex(numbers):
        return numbers["p"] + numbers["q"] == 1 and numbers["q"].denominator > 1

    return [
        rule("x * p + y * q", "interp(x, y, q)", A, "p + q = 1", guard=is_convex),
        rule("x * (1.0 - a) + y * a", "interp(x, y, a)", A, back=EXPAND, guard=is_weight),
        rule("x + (y - x) * a", "interp(x, y, a)", A, guard=is_weight),
        rule("x - (x - y) * a", "interp(x, y, a)", A, guard=is_weight),
        rule("interp(x, y, c)", "interp(y, x, 1.0 - c)", A, guard=is_weight, distinct="xy"),
        rule("interp(x, y, 1.0 - a)", "interp(y, x, a)", A, distinct="xy"),
        rule("interp(x, interp(x, y, a), b)", "interp(x, y, a * b)", A, distinct="xy"),
        rule(
            "interp(interp(x, y, a), y, b)",
            "interp(y, x, (1.0 - a) * (1.0 - b))",
            A,
            distinct="xy",
        ),
        rule("interp(x, x, a)", "x", A),
        rule("interp(x, y, 0.0)", "x", A, "y is finite"),
        rule("interp(x, y, 1.0)", "y", A, "x is finite"),
        rule("interp(0.0, y, a)", "y * a", A),
        rule("interp(x, 0.0, a)", "x * (1.0 - a)", A),
        rule("interp(x * z, y * z, a)", "interp(x, y, a) * z", A, guard=is_weight),
        rule("interp(x + z, y + z, a)", "interp(x, y, a) + z", A, guard=is_weight),
        rule("interp(x / z, y / z, a)", "interp(x, y, a) / z", A),
    ]


def _powers_and_signs() -> list[Rule]:
    A = Justification.ALGEBRAIC

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
        rule("sign(x * c)", "sign(x)", A, "c > 0", guard=_is_positive),
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
            rule(f"{f}(x * c, y * c)", f"{f}(x, y) * c", A, "c > 0", guard=_is_positive)
            for f in ("max", "min")
        ),
        *(rule(f"{f}(x + z, y + z)", f"{f}(x, y) + z", A) for f in ("max", "min")),
        *(rule(f"max({f}(x), 0.0)", f"{f}(x)", A) for f in ("abs", "square", "sqrt")),
        rule("max(x, y) + min(x, y)", "x + y", A),
    ]


def _exponentials_and_inverses() -> list[Rule]:
    A = Justification.ALGEBRAIC
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
    A = Justification.ALGEBRAIC
    return [
        *(rule(f"{f}(x * a)", f"{f}(x) * abs(a)", A) for f in _NORMS),
        *(rule(f"{f}(x * a)", f"{f}(x) * a", A) for f in _MEANS),
        *(rule(f"{f}(x * c)", f"{f}(x) * c", A, "c > 0", guard=_is_positive) for f in _MAXIMA),
        rule("dot(x * a, y)", "dot(x, y) * a", A),
        rule("gram(x * a, y)", "gram(x, y) * square(a)", A),
        rule("gram(x, y * a)", "gram(x, y) * a", A),
        rule("gram(x, y) + gram(x, z)", "gram(x, y + z)", A, back=EXPAND),
        rule("square(global_norm(x))", "dot(x, x)", A),
        rule("sqrt(dot(x, x))", "global_norm(x)", A),
        rule("clip(clip(x, c), c)", "clip(x, c)", A, "c > 0", guard=_is_positive),
        rule("sign(clip(x, c))", "sign(x)", A, "c > 0", guard=_is_positive),
    ]


def _protected() -> list[Rule]:
    P = Justification.PROTECTED

    def is_not_small(numbers):
        return numbers["c"] >= _LEAST_FACTOR

    return [
        # Never from right to left: that would move the guard beside a smaller divisor.
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
        rule(
            "cosine_sim(x * c, y)",
            "cosine_sim(x, y)",
            P,
            "c >= 0.001",
            guard=is_not_small,
            divisors="xy",
        ),
    ]


def _conditional() -> list[Rule]:
    C = Justification.CONDITIONAL
    unit, positive = {"domain": (-0.99, 0.99)}, {"domain": (0.01, 8.0)}
    return [
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
"""Every rule with a pattern."""


_ZERO = pattern("0.0")

ARITHMETIC = Rule("arithmetic of numbers", _ZERO, _ZERO, Justification.ALGEBRAIC)
"""Replaces a rational function of numbers by its exact value; it has no pattern of its own."""

MACHINE = Rule("function of numbers", _ZERO, _ZERO, Justification.EXACT)
"""Replaces a function of numbers by its float32 value; it has no pattern of its own."""

RULES_BY_NAME = {rule.name: rule for rule in (*RULES, ARITHMETIC, MACHINE)}
"""Every rule, also `ARITHMETIC` and `MACHINE`, by name."""
