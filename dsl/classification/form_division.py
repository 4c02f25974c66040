"""Division of polynomial normal forms: multiples of one form within another."""

from fractions import Fraction

from lionhunt.dsl.rewriting.polynomials.monomials import Atom, Form, multiply, power

TOLERANCE = Fraction(1, 10**5)
"""Largest relative difference of two numbers that count as equal."""


def distinctive_atoms(form: Form) -> set[Atom]:
    """Return the atoms of the factors that are not in all monomials of a form.

    Every multiple of the form by a monomial has these atoms, too.
    """
    monomials = [set(monomial) for monomial, _ in form]
    return {f.atom for f in set.union(*monomials) - set.intersection(*monomials)}


def divide(form: Form, new: Form) -> tuple[Form, Form] | None:
    """Return a factor and a rest with form = factor * new + rest; None if there are none.

    The factor is one monomial, and the rest is a part of the form.
    """
    inverse = power((new[0],), -1)
    coefficients = dict(form)
    for pair in form:
        factor = multiply((pair,), inverse or ())
        product = [multiply(factor, (new_pair,))[0] for new_pair in new]
        if all(_is_near(coefficients.get(monomial), value) for monomial, value in product):
            removed = {monomial for monomial, _ in product}
            return factor, tuple(rest for rest in form if rest[0] not in removed)
    return None


def _is_near(x: Fraction | None, y: Fraction) -> bool:
    return x is not None and abs(x - y) <= TOLERANCE * abs(y)
