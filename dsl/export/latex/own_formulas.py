"""LaTeX formulas of functions of the user: as they gave it, or made of the meaning."""

import ast
import re
from collections.abc import Callable, Mapping

from lionhunt.dsl.op import Op

SUM, PRODUCT, POWER, ATOM = range(4)
"""Binding strength of a formula: sum, product or fraction, power, symbol."""

Formula = tuple[str, int]

_ARGUMENT = re.compile(r"(?<![\\A-Za-z])[xya](?![A-Za-z])")
"""An argument in the formula of the user: a letter that stands alone."""

_CALLS: dict[str, Callable[..., Formula]] = {
    "abs": lambda x: (rf"\left| {x[0]} \right|", ATOM),
    "sqrt": lambda x: (rf"\sqrt{{{x[0]}}}", ATOM),
    "square": lambda x: (f"{_within(x, ATOM)}^2", POWER),
    "exp": lambda x: (f"e^{{{x[0]}}}", POWER),
    "power": lambda x, y: (f"{_within(x, ATOM)}^{{{y[0]}}}", POWER),
    "maximum": lambda x, y: (rf"\max({x[0]}, {y[0]})", PRODUCT),
    "minimum": lambda x, y: (rf"\min({x[0]}, {y[0]})", PRODUCT),
    **{
        name: lambda x, name=name: (rf"\{name}({x[0]})", PRODUCT)
        for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "log", "arctan")
    },
}
"""Functions of NumPy with a formula."""


def own_formula(op: Op, args: Mapping[str, Formula]) -> Formula:
    """Return the formula of a function of the user.

    Args:
        op: the function.
        args: the formula of each argument, by its name.
    """
    assert op.own is not None
    if op.own.latex:
        filled = {name: _within(formula, ATOM) for name, formula in args.items()}
        return _ARGUMENT.sub(lambda match: filled.get(match[0], match[0]), op.own.latex), SUM
    if op.own.kind == "elementwise":
        try:
            return _written(ast.parse(op.meaning, mode="eval").body, args)
        except (SyntaxError, LookupError, TypeError, ValueError, RecursionError):
            # The meaning has more than these formulas do.
            pass
    inner = ", ".join(formula for formula, _ in args.values())
    return rf"{operator_name(op)}\left( {inner} \right)", PRODUCT


def has_formula(op: Op) -> bool:
    """Return whether a function is written as a formula, and not by its name."""
    args = {name: (name, ATOM) for name in "xya"[: op.arity]}
    return not own_formula(op, args)[0].startswith(operator_name(op))


def operator_name(op: Op) -> str:
    """Return the upright name of a function."""
    return rf"\operatorname{{{op.name.replace('_', chr(92) + '_')}}}"


def definition(op: Op) -> str:
    """Return a sentence that explains a function which is written by its name."""
    names = ", ".join("xya"[: op.arity])
    return f"{operator_name(op)}({names}) is {', '.join(filter(None, (op.meaning, op.note)))}"


def _within(formula: Formula, level: int) -> str:
    text, own = formula
    return rf"\left( {text} \right)" if own < level else text


def _written(node: ast.AST, args: Mapping[str, Formula]) -> Formula:
    """Return the formula of a part of a meaning; raise an error if it has none."""
    match node:
        case ast.Name(name):
            return args[name]
        case ast.Constant(int() | float() as value):
            return f"{value:g}", ATOM
        case ast.UnaryOp(ast.USub(), operand):
            return f"-{_within(_written(operand, args), PRODUCT)}", SUM
        case ast.BinOp(left, operator, right):
            return _operation(operator, _written(left, args), _written(right, args))
        case ast.Call(ast.Name(name), values, []):
            return _CALLS[name](*(_written(value, args) for value in values))
    raise ValueError(ast.dump(node))


def _operation(operator: ast.operator, x: Formula, y: Formula) -> Formula:
    match operator:
        case ast.Add():
            return f"{x[0]} + {_positive(y)}", SUM
        case ast.Sub():
            return f"{x[0]} - {_within(y, PRODUCT)}", SUM
        case ast.Mult():
            dot = r" \cdot " if y[0][0].isdigit() else " "
            return f"{_within(x, PRODUCT)}{dot}{_within(y, PRODUCT)}", PRODUCT
        case ast.Div():
            return rf"\frac{{{x[0]}}}{{{y[0]}}}", PRODUCT
        case ast.Pow():
            return f"{_within(x, ATOM)}^{{{y[0]}}}", POWER
    raise ValueError(ast.dump(operator))


def _positive(formula: Formula) -> str:
    return rf"\left( {formula[0]} \right)" if formula[0].startswith("-") else formula[0]
