"""Identities that hold bit for bit for every float32: NaN, infinities and signed zeros included.

Value numbering (`dsl.analysis.value_numbering`) applies this table, and tests check each row.
Subnormal numbers count as zeros, as on the compiled machine.
"""

from collections.abc import Iterable
from typing import Any

from lionhunt.dsl.interpreter import run
from lionhunt.dsl.program import Const, Var
from lionhunt.dsl.text.parser import parse

IDENTITIES: tuple[tuple[str, str], ...] = (
    ("abs(abs(x))", "abs(x)"),
    ("abs(square(x))", "square(x)"),
    ("abs(sqrt(x))", "sqrt(x)"),
    ("abs(negative(x))", "abs(x)"),
    ("square(abs(x))", "square(x)"),
    ("square(negative(x))", "square(x)"),
    ("sqrt(abs(x))", "sqrt(x)"),
    ("sqrt(negative(x))", "sqrt(x)"),
    ("log(abs(x))", "log(x)"),
    ("log2(abs(x))", "log2(x)"),
    ("log10(abs(x))", "log10(x)"),
    ("sign(sign(x))", "sign(x)"),
    ("max(x, x)", "x"),
    ("min(x, x)", "x"),
    ("x * x", "square(x)"),
    ("x * 1.0", "x"),
    ("x / 1.0", "x"),
    ("x - 0.0", "x"),
    ("x + x", "x * 2.0"),
    ("x * -1.0", "negative(x)"),
    ("negative(negative(x))", "x"),
    ("x - negative(y)", "x + y"),
    ("x + negative(y)", "x - y"),
    ("abs(exp(x))", "exp(x)"),
    ("abs(norm(x))", "norm(x)"),
    ("abs(global_norm(x))", "global_norm(x)"),
    ("square(sign(x))", "abs(sign(x))"),
    ("log(negative(x))", "log(x)"),
    ("log2(negative(x))", "log2(x)"),
    ("log10(negative(x))", "log10(x)"),
    ("max(max(x, y), x)", "max(x, y)"),
    ("min(min(x, y), x)", "min(x, y)"),
    ("square(x) * x", "cube(x)"),
    ("sign(x) * abs(x)", "x"),
    ("norm(abs(x))", "norm(x)"),
    ("global_norm(abs(x))", "global_norm(x)"),
    ("abs(greater(x, y))", "greater(x, y)"),
    ("square(greater(x, y))", "greater(x, y)"),
    ("sign(greater(x, y))", "greater(x, y)"),
)
"""A left side and the simpler right side that replaces it; `x` and `y` are any values."""

Pattern = Any
"""A `Var` for any value, a `Const`, or a tuple (function, *patterns)."""


def reachable(functions: Iterable[str]) -> frozenset[str]:
    """Return the functions that canonical forms of programs with these functions may have."""
    names = set(functions)
    while True:
        new = {
            name for left, right in ROWS if _functions(left) <= names for name in _functions(right)
        }
        if new <= names:
            return frozenset(names)
        names |= new


def _functions(pattern: Pattern) -> set[str]:
    if not isinstance(pattern, tuple):
        return set()
    name, *parts = pattern
    return {name}.union(*map(_functions, parts))


def _parse_side(expression: str) -> Pattern:
    """Parse one side of an identity: run it over the domain of expressions."""
    program = parse(f"def identity(x, y, lr): return {expression}")
    variables = [Var(name) for name in program.inputs]
    return run(program, variables, lambda op, *args: (op.name, *args), Const)[0]


ROWS = tuple((_parse_side(left), _parse_side(right)) for left, right in IDENTITIES)
"""`IDENTITIES`, parsed."""
