"""Patterns: terms with variables that stand for any term, and how they match.

A pattern is a term. Its inputs are variables: `a` and `b` stand for scalars, `c`, `d`, `p` and `q`
for numbers, any other name for anything. Commutative functions match in both orders.
"""

import ast
from collections.abc import Iterator, Mapping
from fractions import Fraction

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import OPS
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER, Term, make_arranged, make, number, variable

SCALARS, NUMBERS = frozenset("ab"), frozenset("cdpq")
"""Names of the variables that stand for scalars, and of those that stand for numbers."""

Binding = Mapping[Term, Term]
"""What variables stand for, and the numbers that were met where a pattern has a number."""

_SIGNS = {ast.Add: "add", ast.Sub: "subtract", ast.Mult: "multiply", ast.Div: "divide"}


def pattern(text: str) -> Term:
    """Reads a pattern, an expression of the language with any variables."""
    return _read(ast.parse(text, mode="eval").body)


def _read(node: ast.AST) -> Term:
    match node:
        case ast.BinOp(left, sign, right):
            return make(_SIGNS[type(sign)], _read(left), _read(right))
        case ast.Call(ast.Name(function), args):
            return make(function, *map(_read, args))
        case ast.Name(name):
            kind = Kind.SCALAR if name in SCALARS | NUMBERS else Kind.TREE
            return variable(name, kind)
    return number(Fraction(str(ast.literal_eval(node))))


def admits(leaf: Term, kind: Kind, value: Fraction | None) -> bool:
    """Whether a leaf of a pattern can stand for something of a kind, which may be a number."""
    if leaf.op == NUMBER:
        return value == leaf.label
    if leaf.label in NUMBERS:
        return value is not None
    return leaf.label not in SCALARS or kind is Kind.SCALAR


def matches(form: Term, term: Term, bound: Binding) -> Iterator[Binding]:
    """Every way in which a pattern matches a term, given what some variables stand for."""
    if not form.args and form.op not in OPS:
        if form in bound:
            if bound[form] is term:
                yield bound
        elif admits(form, term.kind, value_of(term)):
            yield {**bound, form: term}
    elif form.op == term.op:
        orders = [term.args]
        if OPS[form.op].commutative and term.args[0] is not term.args[1]:
            orders.append(term.args[::-1])
        for args in orders:
            yield from _match_all(form.args, args, bound)


def _match_all(
    forms: tuple[Term, ...], terms: tuple[Term, ...], bound: Binding
) -> Iterator[Binding]:
    if not forms:
        yield bound
        return
    for found in matches(forms[0], terms[0], bound):
        yield from _match_all(forms[1:], terms[1:], found)


def value_of(term: Term) -> Fraction | None:
    """The value of a number; None for any other term."""
    return term.label if isinstance(term.label, Fraction) else None


def instantiate(form: Term, bound: Binding) -> Term:
    """The arranged term that a pattern is once its variables stand for something."""
    if not form.args and form.op not in OPS:
        return bound[form] if form.op == INPUT else bound.get(form, form)
    args = [instantiate(arg, bound) for arg in form.args]
    slot = OPS[form.op].scalar_argument
    if slot is not None and (value := value_of(args[slot])) is not None:
        args[slot] = number(value)
    return make_arranged(form.op, *args)


def as_wide(term: Term, kind: Kind) -> Term:
    """A number in the place of something of a kind; any other term as it is."""
    value = value_of(term)
    return term if value is None else number(value, kind)
