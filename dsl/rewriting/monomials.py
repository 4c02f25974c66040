"""Sums of monomials with exact coefficients: the algebra of the polynomial normal form.

A monomial is a product of powers of atoms: inputs, functions that are not polynomial, and sums that
stand under a root, a sign or a fraction. Values are real and generic: nothing that is divided by is
0, so that x / abs(x) is sign(x) and its square is 1.
"""

import dataclasses
import hashlib
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from lionhunt.dsl.export.signs import RULES as SIGN_RULES
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER

MAX_MONOMIALS = 64
"""A product of sums that has more monomials is not multiplied out; so the work is bounded."""
MAX_BITS = 2_000
"""A value with a coefficient of more binary digits is an atom."""
MAX_POWER = 16
"""So is an integer power above this."""

SUM = "sum"
"""The op of an atom that is a sum."""

GROWING = frozenset({"arctan", "arcsin", "arctanh", "arcsinh", "sinh", "tanh"})
"""Odd functions that grow: they keep the sign of their argument."""


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Atom:
    """What a monomial is a product of; atoms are equal, and ordered, by their keys.

    Attributes:
        key: a digest of all the rest, the same on every machine.
        op: a function, `INPUT`, `SUM`, or `NUMBER` for a number under a root.
        args: forms of the arguments; of a sum, the sum alone.
        label: the name of an input, the value of a number, the kinds that a reduction sums over.
        kind: what its value looks like.
        is_non_negative: it is known never to be below zero.
        reads: the names of the inputs in it.
    """

    key: bytes
    op: str = dataclasses.field(compare=False)
    args: tuple["Form", ...] = dataclasses.field(compare=False)
    label: str | Fraction | None = dataclasses.field(compare=False)
    kind: Kind = dataclasses.field(compare=False)
    is_non_negative: bool = dataclasses.field(compare=False)
    reads: frozenset[str] = dataclasses.field(compare=False)


class Factor(NamedTuple):
    """abs(atom) ** exponent, times sign(atom) if it is signed."""

    atom: Atom
    exponent: Fraction
    is_signed: bool


Monomial = tuple[Factor, ...]
Form = tuple[tuple[Monomial, Fraction], ...]
"""Monomials in order, each with its coefficient; no coefficient is 0, and 0 is the empty form."""

_ONE = Fraction(1)


def make_atom(
    op: str, args: tuple[Form, ...], kind: Kind, label: str | Fraction | None = None
) -> Atom:
    """An atom, with its key and what is known of its sign."""
    content = repr((op, str(label), kind.name, [_text(arg) for arg in args]))
    key = hashlib.blake2b(content.encode(), digest_size=16).digest()
    signs = [is_non_negative(arg) for arg in args]
    above = op == NUMBER  # numbers under a root are positive
    if op == SUM:
        above = all(signs)
    elif op in SIGN_RULES:
        above = SIGN_RULES[op](args, signs)
    own = {str(label)} if op == INPUT else set()
    reads = own.union(*(f.atom.reads for arg in args for monomial, _ in arg for f in monomial))
    return Atom(key, op, args, label, kind, above, frozenset(reads))


def _text(form: Form) -> str:
    return repr(
        [
            (str(coefficient), [(f.atom.key.hex(), str(f.exponent), f.is_signed) for f in monomial])
            for monomial, coefficient in form
        ]
    )


def is_non_negative(form: Form) -> bool:
    """Whether a form is a sum of what is known never to be below zero."""
    return all(
        coefficient > 0 and not any(factor.is_signed for factor in monomial)
        for monomial, coefficient in form
    )


def atom_form(atom: Atom) -> Form:
    """The form of an atom."""
    return (((Factor(atom, _ONE, not atom.is_non_negative),), _ONE),)


def constant(value: Fraction | int) -> Form:
    """The form of a number."""
    return (((), Fraction(value)),) if value else ()


def as_number(form: Form) -> Fraction | None:
    """The number that a form is; None if it is none."""
    if not form:
        return Fraction(0)
    return form[0][1] if len(form) == 1 and form[0][0] == () else None


def is_small(form: Form) -> bool:
    """Whether a form is within the limits."""
    return len(form) <= MAX_MONOMIALS and all(
        max(c.numerator.bit_length(), c.denominator.bit_length()) <= MAX_BITS for _, c in form
    )


def expand(form: Form) -> Form:
    """Multiplies out the sums among the factors, as long as that makes few monomials."""
    while True:
        opened = _expand_once(form)
        if opened is None or not is_small(opened):
            return form
        form = opened


def _expand_once(form: Form) -> Form | None:
    """The form with one power of a sum multiplied out; None if there is none."""
    for monomial, coefficient in form:
        for factor in monomial:
            atom, exponent, is_signed = factor
            if atom.op == SUM and _is_power(factor):
                rest = [f for f in monomial if f is not factor]
                if exponent > 1:
                    left = Factor(atom, exponent - 1, not is_signed and not atom.is_non_negative)
                    rest = sorted([*rest, left])
                product = _product(((tuple(rest), coefficient),), atom.args[0])
                return _collect([*(pair for pair in form if pair[0] != monomial), *product])
    return None


def _is_power(factor: Factor) -> bool:
    """Whether a factor is a positive integer power of its atom."""
    atom, exponent, is_signed = factor
    if exponent.denominator > 1 or not 0 < exponent <= MAX_POWER:
        return False
    return atom.is_non_negative or is_signed == (exponent.numerator % 2 == 1)


def _collect(pairs: Iterable[tuple[Monomial, Fraction]]) -> Form:
    """Adds up the coefficients of equal monomials."""
    total: dict[Monomial, Fraction] = {}
    for monomial, coefficient in pairs:
        total[monomial] = total.get(monomial, Fraction(0)) + coefficient
    return tuple(sorted(pair for pair in total.items() if pair[1]))


def add(x: Form, y: Form) -> Form:
    """The sum of two forms, multiplied out where both are something."""
    if not x or not y:
        return x or y
    return _collect([*expand(x), *expand(y)])


def scale(form: Form, by: Fraction | int) -> Form:
    """A multiple of a form."""
    return tuple((monomial, coefficient * by) for monomial, coefficient in form) if by else ()


def _times(x: Monomial, y: Monomial) -> tuple[Monomial, Fraction]:
    """The product of monomials, and the rational number in it."""
    merged = {factor.atom: factor for factor in x}
    for factor in y:
        if (known := merged.get(factor.atom)) is not None:
            is_signed = known.is_signed != factor.is_signed
            factor = Factor(factor.atom, known.exponent + factor.exponent, is_signed)
        merged[factor.atom] = factor
    rational = Fraction(1)
    kept = []
    for factor in merged.values():
        if factor.atom.op == NUMBER and factor.exponent.denominator == 1:
            rational *= Fraction(factor.atom.label or 0) ** factor.exponent.numerator
        elif factor.exponent or factor.is_signed:
            kept.append(factor)
    return tuple(sorted(kept)), rational


def _product(x: Form, y: Form) -> Form:
    """The product of two forms, each monomial with each."""
    products = ((_times(left, right), a * b) for left, a in x for right, b in y)
    return _collect((monomial, rational * by) for (monomial, rational), by in products)


def multiply(x: Form, y: Form) -> Form:
    """The product of two forms; sums in it stay factors until something is added to them."""
    for number, other in ((as_number(x), y), (as_number(y), x)):
        if number is not None:
            return scale(other, number)
    return _product((as_monomial(x),), (as_monomial(y),))


def as_monomial(form: Form) -> tuple[Monomial, Fraction]:
    """A form that is not 0 as one monomial with a coefficient: a sum becomes an atom.

    What all monomials of the sum share stands beside the atom, and the first one's coefficient.
    """
    form = form if len(form) == 1 else expand(form)
    if len(form) == 1:
        return form[0]
    common = _common([monomial for monomial, _ in form])
    inverse = tuple(Factor(f.atom, -f.exponent, f.is_signed) for f in common)
    terms = _product(form, ((inverse, _ONE),))
    lead = terms[0][1]
    kind = max(factor.atom.kind for monomial, _ in terms for factor in monomial)
    atom = make_atom(SUM, (scale(terms, 1 / lead),), kind)
    ((monomial, coefficient),) = _product(((common, lead),), atom_form(atom))
    return monomial, coefficient


def _common(monomials: list[Monomial]) -> Monomial:
    """The factors that all monomials share, at their lowest exponents."""
    shared = []
    for first in monomials[0]:
        found = [f for monomial in monomials for f in monomial if f.atom == first.atom]
        if len(found) == len(monomials):
            least = min(f.exponent for f in found)
            is_signed = any(f.is_signed for f in found if f.exponent == least)
            if least or is_signed:
                shared.append(Factor(first.atom, least, is_signed))
    return tuple(shared)


def power(form: Form, exponent: int) -> Form | None:
    """An integer power; None where it is no power of a monomial."""
    if abs(exponent) > MAX_POWER or (not form and exponent <= 0):
        return None
    if not form:
        return ()
    monomial, coefficient = as_monomial(form)
    factors = tuple(
        Factor(f.atom, f.exponent * exponent, f.is_signed and exponent % 2 == 1) for f in monomial
    )
    return _product((((), coefficient**exponent),), ((factors, _ONE),))


def absolute(form: Form) -> Form:
    """The absolute value of a form."""
    if not form:
        return ()
    monomial, coefficient = as_monomial(form)
    factors = tuple(Factor(f.atom, f.exponent, False) for f in monomial if f.exponent)
    return ((factors, abs(coefficient)),)


def sign(form: Form) -> Form:
    """The sign of a form; that of an odd function that grows is that of its argument."""
    result = constant(1)
    waiting = [form]
    while waiting:
        form = waiting.pop()
        if not form:
            return ()
        monomial, coefficient = as_monomial(form)
        result = scale(result, 1 if coefficient > 0 else -1)
        for atom, _, is_signed in monomial:
            if is_signed and atom.op in GROWING:
                waiting.append(atom.args[0])
            elif is_signed:
                result = _product(result, (((Factor(atom, Fraction(0), True),), _ONE),))
    return result


def root(form: Form, degree: int) -> Form:
    """A root of the absolute value of a form."""
    if not form:
        return ()
    monomial, coefficient = as_monomial(form)
    factors = tuple(Factor(f.atom, f.exponent / degree, False) for f in monomial if f.exponent)
    return _product(_root_of_number(abs(coefficient), degree), ((factors, _ONE),))


def _root_of_number(value: Fraction, degree: int) -> Form:
    """The root of a positive number: an atom if it is not rational."""
    parts = (value.numerator, value.denominator)
    if max(parts).bit_length() < 1_000:  # floats hold them
        over, under = (round(part ** (1 / degree)) for part in parts)
        if (over**degree, under**degree) == parts:
            return constant(Fraction(over, under))
    atom = make_atom(NUMBER, (), Kind.SCALAR, value)
    return (((Factor(atom, Fraction(1, degree), False),), _ONE),)


def split_by_kind(form: Form, kind: Kind) -> tuple[Form, Form]:
    """A form that is not 0 as a product: what is at most of `kind`, and the rest."""
    monomial, coefficient = as_monomial(form)
    outer = tuple(f for f in monomial if f.atom.kind <= kind)
    inner = tuple(f for f in monomial if f.atom.kind > kind)
    return ((outer, coefficient),), ((inner, _ONE),)
