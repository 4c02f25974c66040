"""Sums of monomials with exact coefficients: the algebra of the polynomial normal form.

A monomial is a product of powers of atoms. Atoms are inputs, functions that are not polynomial, and
sums under a root, a sign or a fraction. Values are real, and no divisor is 0. So x / abs(x) is
sign(x), and the square of a sign is 1.
"""

import dataclasses
import hashlib
from collections.abc import Iterable
from fractions import Fraction
from typing import NamedTuple

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.rewriting.terms import INPUT, NUMBER

MAX_MONOMIALS = 64
"""Limit on the monomials of a product that is multiplied out; it bounds the work."""
MAX_BITS = 2_000
"""Limit on the bits of a coefficient; a form with a longer one becomes an atom."""
MAX_POWER = 16
"""Limit on integer powers; a higher power becomes an atom."""

SUM = "sum"
"""The op of an atom that is a sum."""

GROWING = frozenset({"arctan", "arcsin", "arctanh", "arcsinh", "sinh", "tanh"})
"""Odd increasing functions: they keep the sign of their argument."""


@dataclasses.dataclass(frozen=True, order=True, slots=True)
class Atom:
    """Base of a factor of a monomial. Atoms compare by their keys.

    Attributes:
        key: digest of all other attributes, the same on every machine.
        op: name of a function, `INPUT`, `SUM`, or `NUMBER` for a number under a root.
        args: forms of the arguments; the only argument of a `SUM` is the sum itself.
        label: name of an input, value of a number, or kinds that a reduction sums over.
        kind: kind of the value.
        is_non_negative: True if the value is known to be at least zero.
        reads: names of the inputs in it.
    """

    key: bytes
    op: str = dataclasses.field(compare=False)
    args: tuple["Form", ...] = dataclasses.field(compare=False)
    label: str | Fraction | None = dataclasses.field(compare=False)
    kind: Kind = dataclasses.field(compare=False)
    is_non_negative: bool = dataclasses.field(compare=False)
    reads: frozenset[str] = dataclasses.field(compare=False)


class Factor(NamedTuple):
    """Power of an atom: abs(atom) ** exponent, times sign(atom) if `is_signed`."""

    atom: Atom
    exponent: Fraction
    is_signed: bool


Monomial = tuple[Factor, ...]
Form = tuple[tuple[Monomial, Fraction], ...]
"""Sorted monomials with their coefficients, none of which is 0. The empty form is 0."""

_ONE = Fraction(1)


def make_atom(
    op: str, args: tuple[Form, ...], kind: Kind, label: str | Fraction | None = None
) -> Atom:
    """Build an atom with its key and its sign."""
    content = repr((op, str(label), kind.name, [_text(arg) for arg in args]))
    key = hashlib.blake2b(content.encode(), digest_size=16).digest()
    signs = [is_non_negative(arg) for arg in args]
    # Only positive numbers come under a root.
    is_above = op == NUMBER
    if op == SUM:
        is_above = all(signs)
    elif op in OPS and (rule := OPS[op].non_negative):
        is_above = rule(args, signs, [None] * len(args))
    own = {str(label)} if op == INPUT else set()
    reads = own.union(*(f.atom.reads for arg in args for monomial, _ in arg for f in monomial))
    return Atom(key, op, args, label, kind, is_above, frozenset(reads))


def _text(form: Form) -> str:
    return repr(
        [
            (str(coefficient), [(f.atom.key.hex(), str(f.exponent), f.is_signed) for f in monomial])
            for monomial, coefficient in form
        ]
    )


def is_non_negative(form: Form) -> bool:
    """Return True if all monomials of a form are known to be at least zero."""
    return all(
        coefficient > 0 and not any(factor.is_signed for factor in monomial)
        for monomial, coefficient in form
    )


def atom_form(atom: Atom) -> Form:
    """Return the form of an atom."""
    return (((Factor(atom, _ONE, not atom.is_non_negative),), _ONE),)


def constant(value: Fraction | int) -> Form:
    """Return the form of a number."""
    return (((), Fraction(value)),) if value else ()


def as_number(form: Form) -> Fraction | None:
    """Return the value of a form without atoms, or None for any other form."""
    if not form:
        return Fraction(0)
    return form[0][1] if len(form) == 1 and form[0][0] == () else None


def is_small(form: Form) -> bool:
    """Return True if a form is within `MAX_MONOMIALS` and `MAX_BITS`."""
    return len(form) <= MAX_MONOMIALS and all(
        max(c.numerator.bit_length(), c.denominator.bit_length()) <= MAX_BITS for _, c in form
    )


def expand(form: Form) -> Form:
    """Multiply out the sums among the factors while the form stays small."""
    while True:
        opened = _expand_once(form)
        if opened is None or not is_small(opened):
            return form
        form = opened


def _expand_once(form: Form) -> Form | None:
    """Return the form with one power of a sum multiplied out, or None if it has no such power."""
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
    """Return True if a factor is a positive integer power of its atom."""
    atom, exponent, is_signed = factor
    if exponent.denominator > 1 or not 0 < exponent <= MAX_POWER:
        return False
    return atom.is_non_negative or is_signed == (exponent.numerator % 2 == 1)


def _collect(pairs: Iterable[tuple[Monomial, Fraction]]) -> Form:
    """Add up the coefficients of equal monomials."""
    total: dict[Monomial, Fraction] = {}
    for monomial, coefficient in pairs:
        total[monomial] = total.get(monomial, Fraction(0)) + coefficient
    return tuple(sorted(pair for pair in total.items() if pair[1]))


def add(x: Form, y: Form) -> Form:
    """Return the sum of two forms, multiplied out unless one of them is 0."""
    if not x or not y:
        return x or y
    return _collect([*expand(x), *expand(y)])


def scale(form: Form, by: Fraction | int) -> Form:
    """Return a multiple of a form."""
    return tuple((monomial, coefficient * by) for monomial, coefficient in form) if by else ()


def _times(x: Monomial, y: Monomial) -> tuple[Monomial, Fraction]:
    """Return the product of two monomials as a monomial and a rational number."""
    merged = {factor.atom: factor for factor in x}
    for factor in y:
        if (left := merged.get(factor.atom)) is not None:
            is_signed = left.is_signed != factor.is_signed
            factor = Factor(factor.atom, left.exponent + factor.exponent, is_signed)
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
    """Return the product of two forms, multiplied out."""
    products = ((_times(left, right), a * b) for left, a in x for right, b in y)
    return _collect((monomial, rational * by) for (monomial, rational), by in products)


def multiply(x: Form, y: Form) -> Form:
    """Return the product of two forms, in which sums stay factors."""
    for number, other in ((as_number(x), y), (as_number(y), x)):
        if number is not None:
            return scale(other, number)
    return _product((as_monomial(x),), (as_monomial(y),))


def as_monomial(form: Form) -> tuple[Monomial, Fraction]:
    """Return a form other than 0 as one monomial with a coefficient; a sum becomes an atom.

    The first coefficient, and the factors that all monomials of the sum share, are taken out.
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
    """Return the factors that all monomials share, at their lowest exponents."""
    shared = []
    for first in monomials[0]:
        powers = [f for monomial in monomials for f in monomial if f.atom == first.atom]
        if len(powers) == len(monomials):
            least = min(f.exponent for f in powers)
            is_signed = any(f.is_signed for f in powers if f.exponent == least)
            if least or is_signed:
                shared.append(Factor(first.atom, least, is_signed))
    return tuple(shared)


def power(form: Form, exponent: int) -> Form | None:
    """Return an integer power, or None if it is too high or divides by 0."""
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
    """Return the absolute value of a form."""
    if not form:
        return ()
    monomial, coefficient = as_monomial(form)
    factors = tuple(Factor(f.atom, f.exponent, False) for f in monomial if f.exponent)
    return ((factors, abs(coefficient)),)


def sign(form: Form) -> Form:
    """Return the sign of a form. A function in `GROWING` has the sign of its argument."""
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
    """Return a root of the absolute value of a form."""
    if not form:
        return ()
    monomial, coefficient = as_monomial(form)
    factors = tuple(Factor(f.atom, f.exponent / degree, False) for f in monomial if f.exponent)
    return _product(_root_of_number(abs(coefficient), degree), ((factors, _ONE),))


def _root_of_number(value: Fraction, degree: int) -> Form:
    """Return the root of a positive number, which is an atom if it is irrational."""
    parts = (value.numerator, value.denominator)
    # Larger integers overflow a float.
    if max(parts).bit_length() < 1_000:
        over, under = (round(part ** (1 / degree)) for part in parts)
        if (over**degree, under**degree) == parts:
            return constant(Fraction(over, under))
    atom = make_atom(NUMBER, (), Kind.SCALAR, value)
    return (((Factor(atom, Fraction(1, degree), False),), _ONE),)


def split_by_kind(form: Form, kind: Kind) -> tuple[Form, Form]:
    """Factor a form other than 0 into atoms of at most a kind, and all other atoms."""
    monomial, coefficient = as_monomial(form)
    outer = tuple(f for f in monomial if f.atom.kind <= kind)
    inner = tuple(f for f in monomial if f.atom.kind > kind)
    return ((outer, coefficient),), ((inner, _ONE),)
