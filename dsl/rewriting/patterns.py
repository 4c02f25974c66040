"""Patterns: terms whose inputs are variables, and how they match other terms.

The variables `a` and `b` stand for scalars; `c`, `d`, `p` and `q` stand for numbers. Any other name
stands for any term. Commutative functions match in both orders.
"""

import ast
from collections.abc import Iterator, Mapping
from fractions import Fraction

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER, Term, make, make_arranged, number, variable

SCALARS, NUMBERS = frozenset("ab"), frozenset("cdpq")
"""Names of the variables that stand for scalars, and for numbers."""

Binding = Mapping[Term, Term]
"""The term of each leaf of a pattern: its variables, and its numbers as they were matched."""

_SYMBOLS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}


def pattern(text: str) -> Term:
    """Parse a pattern: an expression of the language with any variables."""
    return _parse(ast.parse(text, mode="eval").body)


def _parse(node: ast.AST) -> Term:
    match node:
        case ast.BinOp(left, symbol, right):
            return make(_SYMBOLS[type(symbol)], _parse(left), _parse(right))
        case ast.Call(ast.Name(function), args):
            return make(function, *map(_parse, args))
        case ast.Name(name):
            return variable(name, Kind.SCALAR if name in SCALARS | NUMBERS else Kind.TREE)
    return number(Fraction(str(ast.literal_eval(node))))


def admits(leaf: Term, kind: Kind, value: Fraction | None) -> bool:
    """Return True if a leaf of a pattern can stand for a term.

    Args:
        leaf: variable or number of the pattern.
        kind: kind of the term.
        value: value of the term if it is a number, or None.
    """
    if leaf.op == NUMBER:
        return value == leaf.label
    if leaf.label in NUMBERS:
        return value is not None
    return leaf.label not in SCALARS or kind is Kind.SCALAR


def matches(form: Term, term: Term, bound: Binding) -> Iterator[Binding]:
    """Yield every binding that extends `bound` and makes a pattern equal to a term."""
    if not form.args and form.op not in OPS:
        if form in bound:
            if bound[form] is term:
                yield bound
        elif admits(form, term.kind, value_of(term)):
            yield {**bound, form: term}
    elif form.op == term.op:
        for args in argument_orders(term.op, term.args):
            yield from _match_all(form.args, args, bound)


def argument_orders(op: str, args: tuple) -> tuple[tuple, ...]:
    """Return the orders in which a function takes its arguments: both if it is commutative."""
    is_commutative = op in OPS and OPS[op].commutative
    return (args, args[::-1]) if is_commutative and args[0] != args[1] else (args,)


def _match_all(
    forms: tuple[Term, ...], terms: tuple[Term, ...], bound: Binding
) -> Iterator[Binding]:
    if not forms:
        yield bound
        return
    for extended in matches(forms[0], terms[0], bound):
        yield from _match_all(forms[1:], terms[1:], extended)


def value_of(term: Term) -> Fraction | None:
    """Return the value of a number, or None for any other term."""
    return term.label if isinstance(term.label, Fraction) else None


def instantiate(form: Term, bound: Binding) -> Term:
    """Return the arranged term that a pattern becomes under a binding."""
    if not form.args and form.op not in OPS:
        return bound[form] if form.op == INPUT else bound.get(form, form)
    args = [instantiate(arg, bound) for arg in form.args]
    slot = OPS[form.op].scalar_argument
    if slot is not None and (value := value_of(args[slot])) is not None:
        args[slot] = number(value)
    return make_arranged(form.op, *args)


def as_wide(term: Term, kind: Kind) -> Term:
    """Return a number as wide as a kind, and any other term unchanged."""
    value = value_of(term)
    return term if value is None else number(value, kind)
