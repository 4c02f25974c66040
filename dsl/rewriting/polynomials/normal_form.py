"""The polynomial normal form: algebraically equal terms get equal forms, without search.

It shares nothing with the rules of rewriting, so each can check the other. It computes in real
numbers, without rounding. The 1e-8 of a division is 0, and no divisor is 0. A function of numbers
has its float32 value, unless it is rational or a root in a product.

Equal forms mean equal programs in that sense. Some equal programs have different forms: sums are
multiplied out but never factored. So `1 / square(x + y)` differs from the inverse of
`x * x + 2 * x * y + y * y`.
Compare the terms of two programs rather than their texts, which round numbers to float32.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.ops import EPS
from lionhunt.dsl.program import TOO_LARGE
from lionhunt.dsl.rewriting.polynomials.monomials import (
    GROWING,
    Form,
    absolute,
    add,
    as_monomial,
    as_number,
    atom_form,
    constant,
    expand,
    is_small,
    make_atom,
    multiply,
    power,
    root,
    scale,
    sign,
    split_by_kind,
)
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER, OUTPUTS, Term, exact, walk

_GUARD = exact(EPS)


def normal_forms(term: Term) -> tuple[Form, ...]:
    """Return the normal forms of a program's outputs, or of one term.

    Example:
        >>> normal_forms(to_term(program)) == normal_forms(to_term(other_program))
    """
    forms: dict[Term, Form] = {}
    for part in walk(term):
        if part.op != OUTPUTS:
            forms[part] = _form(part, tuple(forms[arg] for arg in part.args))
    outputs = term.args if term.op == OUTPUTS else (term,)
    return tuple(expand(forms[output]) for output in outputs)


def _form(term: Term, args: tuple[Form, ...]) -> Form:
    """Return the form of a term, given its arguments' forms; sums may stay factors."""
    if term.op == INPUT:
        return atom_form(make_atom(INPUT, (), term.kind, term.label))
    if term.op == NUMBER:
        return constant(Fraction(term.label or 0))
    rule = _RULES.get(term.op)
    form = rule(term, *args) if rule else None
    return form if form is not None and is_small(form) else _function(term, *args)


def _function(term: Term, *args: Form) -> Form:
    """Return a function of forms as an atom, or its float32 value if all arguments are numbers."""
    numbers = [as_number(arg) for arg in args]
    reduces = OPS[term.op].reduces
    # The kinds are part of a reduction, because a number may stand for a tree.
    kinds = [arg.kind for arg in term.args] if reduces else [Kind.SCALAR] * len(args)
    known = [float(number) for number in numbers if number is not None and abs(number) < TOO_LARGE]
    if len(known) == len(args) and max(kinds, default=Kind.SCALAR) is Kind.SCALAR:
        value = fold(term.op, *known)
        if math.isfinite(value):
            return constant(exact(value))
    slots = list(zip(map(expand, args), kinds, strict=True))
    if OPS[term.op].commutative:
        slots.sort()
    label = " ".join(kind.name for _, kind in slots) if reduces else None
    return atom_form(make_atom(term.op, tuple(arg for arg, _ in slots), term.kind, label))


def _reciprocal(term: Term, x: Form) -> Form | None:
    """Return the inverse. A 1e-8 added to the divisor is a guard too, and counts as 0."""
    return power(_without_guard(x), -1)


def _without_guard(form: Form) -> Form:
    rest = add(form, constant(-_GUARD))
    return rest if 0 < len(rest) < len(expand(form)) else form


def _divide(term: Term, x: Form, y: Form) -> Form | None:
    inverse = _reciprocal(term, y)
    return None if inverse is None else multiply(x, inverse)


def _power(term: Term, x: Form, y: Form) -> Form | None:
    exponent = as_number(y)
    is_integer = exponent is not None and exponent.denominator == 1
    return power(x, exponent.numerator) if exponent is not None and is_integer else None


def _sqrt(term: Term, x: Form) -> Form | None:
    return None if as_number(x) is not None else root(x, 2)


def _cbrt(term: Term, x: Form) -> Form | None:
    return None if as_number(x) is not None else multiply(sign(x), root(x, 3))


def _log(term: Term, x: Form) -> Form | None:
    inner = _inside("exp", x)
    return inner if inner is not None or not x else _function(term, absolute(x))


def _log1p(term: Term, x: Form) -> Form | None:
    return None if as_number(x) is not None else _named("log", term, add(x, constant(1)))


def _exp(term: Term, x: Form) -> Form | None:
    inner = _inside("log", x)
    return None if inner is None else absolute(inner)


def _expm1(term: Term, x: Form) -> Form | None:
    if as_number(x) is not None:
        return None
    return add(_named("exp", term, x), constant(-1))


def _named(op: str, term: Term, x: Form) -> Form:
    """Return the form of another function of the same argument."""
    like = Term(op, term.args, term.kind)
    form = _RULES[op](like, x)
    return _function(like, x) if form is None else form


def _inside(op: str, form: Form) -> Form | None:
    """Return the argument of a form that is one function, or None for any other form."""
    if len(form) != 1 or len(form[0][0]) != 1 or form[0][1] != 1:
        return None
    ((atom, exponent, _),) = form[0][0]
    return atom.args[0] if atom.op == op and exponent == 1 else None


def _odd(term: Term, x: Form, *rest: Form) -> Form | None:
    """Apply f(-x) = -f(x), so that the first coefficient of the argument is positive."""
    if not x:
        return None if rest else ()
    if as_monomial(x)[1] > 0:
        return None
    return scale(_function(term, scale(x, -1), *rest), -1)


def _extreme(term: Term, x: Form, y: Form) -> Form | None:
    return x if expand(x) == expand(y) else None


def _norm(term: Term, x: Form) -> Form | None:
    """Take factors that are constant within each array, or over all arrays, out of a norm."""
    if term.args[0].kind is Kind.SCALAR or not x:
        return absolute(x)
    if term.op != "global_norm" and term.args[0].kind is Kind.PER_ARRAY:
        return absolute(x)
    outer, inner = split_by_kind(absolute(x), min(term.kind, Kind.PER_ARRAY))
    return multiply(outer, _function(term, inner))


def _mean(term: Term, x: Form) -> Form | None:
    """Take factors that are constant within each array out of a mean."""
    if term.args[0].kind is not Kind.TREE or as_number(x) is not None:
        return x
    outer, inner = split_by_kind(x, Kind.PER_ARRAY)
    return multiply(outer, _function(term, inner))


def _dot(term: Term, x: Form, y: Form) -> Form | None:
    if max(arg.kind for arg in term.args) is Kind.SCALAR:
        return multiply(x, y)
    if not x or not y:
        return ()
    (outer_x, inner_x), (outer_y, inner_y) = (
        split_by_kind(x, Kind.SCALAR),
        split_by_kind(y, Kind.SCALAR),
    )
    return multiply(multiply(outer_x, outer_y), _function(term, inner_x, inner_y))


def _gram(term: Term, x: Form, y: Form) -> Form | None:
    """Take factors that are constant within each array out, and split a sum on the right."""
    if term.kind is not Kind.TREE:
        squared = power(x, 2)
        return None if squared is None else multiply(squared, y)
    if not x:
        return ()
    outer_x, inner_x = split_by_kind(x, Kind.PER_ARRAY)
    total: Form = ()
    for monomial in expand(y):
        outer, inner = split_by_kind((monomial,), Kind.PER_ARRAY)
        total = add(total, multiply(outer, _function(term, inner_x, inner)))
    squared = power(outer_x, 2)
    return None if squared is None else multiply(squared, total)


def _cosine_sim(term: Term, x: Form, y: Form) -> Form | None:
    if not x or not y:
        return ()
    (outer_x, inner_x), (outer_y, inner_y) = (
        split_by_kind(x, Kind.SCALAR),
        split_by_kind(y, Kind.SCALAR),
    )
    return multiply(sign(multiply(outer_x, outer_y)), _function(term, inner_x, inner_y))


_RULES: dict[str, Callable[..., Form | None]] = {
    "add": lambda term, x, y: add(x, y),
    "subtract": lambda term, x, y: add(x, scale(y, -1)),
    "negative": lambda term, x: scale(x, -1),
    "multiply": lambda term, x, y: multiply(x, y),
    "divide": _divide,
    "reciprocal": _reciprocal,
    "square": lambda term, x: power(x, 2),
    "cube": lambda term, x: power(x, 3),
    "power": _power,
    "interp": lambda term, x, y, weight: add(x, multiply(weight, add(y, scale(x, -1)))),
    "abs": lambda term, x: absolute(x),
    "sign": lambda term, x: sign(x),
    "sqrt": _sqrt,
    "cbrt": _cbrt,
    "log": _log,
    "log1p": _log1p,
    "exp": _exp,
    "expm1": _expm1,
    **dict.fromkeys(("log2", "log10", "cos", "cosh"), lambda term, x: _function(term, absolute(x))),
    **dict.fromkeys((*GROWING, "sin", "tan", "clip"), _odd),
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("norm", "global_norm", "row_norm", "column_norm"), _norm),
    **dict.fromkeys(("row_mean", "column_mean", "array_mean"), _mean),
    "dot": _dot,
    "gram": _gram,
    "cosine_sim": _cosine_sim,
}
"""Functions with laws of their own. A rule returns None where its function is an atom."""
