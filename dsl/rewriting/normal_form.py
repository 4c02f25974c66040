"""The polynomial normal form: terms that algebra makes equal get equal forms, without search.

It shares nothing with the rules of rewriting, so that each can check the other. The reading is that
of real numbers and generic values: there is no rounding, the 1e-8 of a division is 0, and nothing
that is divided by is 0. Compare the terms of two programs, not their texts, in which numbers are
rounded to float32. Equal forms mean equal programs in that reading. The converse holds as far
as the laws here go: sums are multiplied out but never factored, so 1 / square(x + y) differs from
the inverse of the same square multiplied out. What a function of numbers alone is, if it is neither
rational nor a root in a product, is what the machine computes.
"""

import math
from collections.abc import Callable
from fractions import Fraction

from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.ops import EPS, OPS
from lionhunt.dsl.program import TOO_LARGE
from lionhunt.dsl.rewriting import monomials as m
from lionhunt.dsl.rewriting.monomials import Form
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER, OUTPUTS, Term, exact, walk

_GUARD = exact(EPS)


def normal_form(term: Term) -> Form:
    """The normal form of one value."""
    return normal_forms(term)[0]


def normal_forms(term: Term) -> tuple[Form, ...]:
    """The normal forms of the outputs of a program, or of one value."""
    found: dict[Term, Form] = {}
    for part in walk(term):
        if part.op != OUTPUTS:
            found[part] = _form(part, tuple(found[arg] for arg in part.args))
    outputs = term.args if term.op == OUTPUTS else (term,)
    return tuple(m.expand(found[output]) for output in outputs)


def _form(term: Term, args: tuple[Form, ...]) -> Form:
    """The form of a term from those of its arguments; sums among the factors may be closed."""
    if term.op == INPUT:
        return m.atom_form(m.make_atom(INPUT, (), term.kind, term.label))
    if term.op == NUMBER:
        return m.constant(Fraction(term.label or 0))
    rule = _RULES.get(term.op)
    form = rule(term, *args) if rule else None
    return form if form is not None and m.is_small(form) else _function(term, *args)


def _function(term: Term, *args: Form) -> Form:
    """A function of forms as an atom; of numbers alone, the number that the machine computes."""
    numbers = [m.as_number(arg) for arg in args]
    reduces = OPS[term.op].reduces
    # What a reduction sums over is part of it: a number may stand for a tree.
    kinds = [arg.kind for arg in term.args] if reduces else [Kind.SCALAR] * len(args)
    known = [float(number) for number in numbers if number is not None and abs(number) < TOO_LARGE]
    if len(known) == len(args) and max(kinds, default=Kind.SCALAR) is Kind.SCALAR:
        value = fold(term.op, *known)
        if math.isfinite(value):
            return m.constant(exact(value))
    slots = list(zip(map(m.expand, args), kinds, strict=True))
    if OPS[term.op].commutative:
        slots.sort()
    label = " ".join(kind.name for _, kind in slots) if reduces else None
    return m.atom_form(m.make_atom(term.op, tuple(arg for arg, _ in slots), term.kind, label))


def _subtract(term: Term, x: Form, y: Form) -> Form:
    return m.add(x, m.scale(y, -1))


def _reciprocal(term: Term, x: Form) -> Form | None:
    """An inverse. A 1e-8 that is added to what is inverted is a guard too, and counts as 0."""
    return m.power(_without_guard(x), -1)


def _without_guard(form: Form) -> Form:
    rest = m.add(form, m.constant(-_GUARD))
    return rest if 0 < len(rest) < len(m.expand(form)) else form


def _divide(term: Term, x: Form, y: Form) -> Form | None:
    inverse = _reciprocal(term, y)
    return None if inverse is None else m.multiply(x, inverse)


def _interp(term: Term, x: Form, y: Form, weight: Form) -> Form:
    return m.add(x, m.multiply(weight, m.add(y, m.scale(x, -1))))


def _power(term: Term, x: Form, y: Form) -> Form | None:
    exponent = m.as_number(y)
    is_integer = exponent is not None and exponent.denominator == 1
    return m.power(x, exponent.numerator) if exponent is not None and is_integer else None


def _cbrt(term: Term, x: Form) -> Form:
    return m.multiply(m.sign(x), m.root(x, 3))


def _log(term: Term, x: Form) -> Form | None:
    inner = _inside("exp", x)
    return inner if inner is not None or not x else _function(term, m.absolute(x))


def _log1p(term: Term, x: Form) -> Form | None:
    return None if m.as_number(x) is not None else _named("log", term, m.add(x, m.constant(1)))


def _exp(term: Term, x: Form) -> Form | None:
    inner = _inside("log", x)
    return None if inner is None else m.absolute(inner)


def _expm1(term: Term, x: Form) -> Form | None:
    if m.as_number(x) is not None:
        return None
    return m.add(_named("exp", term, x), m.constant(-1))


def _named(op: str, term: Term, x: Form) -> Form:
    """Another function in the place of `term`, of one argument."""
    like = Term(op, term.args, term.kind)
    form = _RULES[op](like, x)
    return _function(like, x) if form is None else form


def _inside(op: str, form: Form) -> Form | None:
    """The argument of a function that a form is; None if it is another form."""
    if len(form) != 1 or len(form[0][0]) != 1 or form[0][1] != 1:
        return None
    ((atom, exponent, _),) = form[0][0]
    return atom.args[0] if atom.op == op and exponent == 1 else None


def _odd(term: Term, x: Form, *rest: Form) -> Form | None:
    """f(-x) = -f(x): the first coefficient of the argument is positive."""
    if not x:
        return None if rest else ()
    if m.as_monomial(x)[1] > 0:
        return None
    return m.scale(_function(term, m.scale(x, -1), *rest), -1)


def _even(term: Term, x: Form) -> Form:
    return _function(term, m.absolute(x))


def _extreme(term: Term, x: Form, y: Form) -> Form | None:
    return x if m.expand(x) == m.expand(y) else None


def _norm(term: Term, x: Form) -> Form | None:
    """Of each array, or of all: the factors that are the same all over come out."""
    if term.args[0].kind is Kind.SCALAR or not x:
        return m.absolute(x)
    if term.op == "norm" and term.args[0].kind is Kind.PER_ARRAY:
        return m.absolute(x)
    outer, inner = m.split_by_kind(m.absolute(x), term.kind)
    return m.multiply(outer, _function(term, inner))


def _mean(term: Term, x: Form) -> Form | None:
    """As `_norm`; means of one number are that number."""
    if term.args[0].kind is not Kind.TREE or m.as_number(x) is not None:
        return x
    kind = Kind.PER_ARRAY
    outer, inner = m.split_by_kind(x, kind)
    return m.multiply(outer, _function(term, inner))


def _dot(term: Term, x: Form, y: Form) -> Form | None:
    if max(arg.kind for arg in term.args) is Kind.SCALAR:
        return m.multiply(x, y)
    if not x or not y:
        return ()
    (outer_x, inner_x), (outer_y, inner_y) = m.split_by_kind(x, Kind.SCALAR), m.split_by_kind(y, Kind.SCALAR)
    return m.multiply(m.multiply(outer_x, outer_y), _function(term, inner_x, inner_y))


def _cosine_sim(term: Term, x: Form, y: Form) -> Form | None:
    if not x or not y:
        return ()
    (outer_x, inner_x), (outer_y, inner_y) = m.split_by_kind(x, Kind.SCALAR), m.split_by_kind(y, Kind.SCALAR)
    return m.multiply(m.sign(m.multiply(outer_x, outer_y)), _function(term, inner_x, inner_y))


_RULES: dict[str, Callable[..., Form | None]] = {
    "add": lambda term, x, y: m.add(x, y),
    "subtract": _subtract,
    "negative": lambda term, x: m.scale(x, -1),
    "multiply": lambda term, x, y: m.multiply(x, y),
    "divide": _divide,
    "reciprocal": _reciprocal,
    "square": lambda term, x: m.power(x, 2),
    "cube": lambda term, x: m.power(x, 3),
    "power": _power,
    "interp": _interp,
    "abs": lambda term, x: m.absolute(x),
    "sign": lambda term, x: m.sign(x),
    "sqrt": lambda term, x: None if m.as_number(x) is not None else m.root(x, 2),
    "cbrt": lambda term, x: None if m.as_number(x) is not None else _cbrt(term, x),
    "log": _log,
    "log1p": _log1p,
    "exp": _exp,
    "expm1": _expm1,
    **dict.fromkeys(("log2", "log10", "cos", "cosh"), _even),
    **dict.fromkeys((*m.GROWING, "sin", "tan", "clip"), _odd),
    **dict.fromkeys(("max", "min"), _extreme),
    **dict.fromkeys(("norm", "global_norm"), _norm),
    **dict.fromkeys(("row_mean", "column_mean", "array_mean"), _mean),
    "dot": _dot,
    "cosine_sim": _cosine_sim,
}
"""Functions that are more than atoms; None where they are an atom after all."""
