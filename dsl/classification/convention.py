"""The constants of a program in the convention of a known optimizer that it equals up to constants.

A program may keep its states at another scale: `m = m * 0.99 + g` is 100 times the momentum
`interp(g, m, 0.99)`. Then `interp(g, m, 0.9)` gives the momentum a weight of 90, not of 0.9.
"""

import itertools
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

import numpy as np

from lionhunt.dsl import library
from lionhunt.dsl.classification.skeletons import list_coefficients, standard_form
from lionhunt.dsl.classification.tree import SCHEDULE, Node
from lionhunt.dsl.edits.named_constants import from_axis, is_on_axis, to_axis
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Program
from lionhunt.dsl.rewriting.terms import Term, exact, make, number, substitute, variable

TOLERANCE = 1e-5
"""Largest relative difference of a number from that of the known optimizer."""
FAR = 1e3
"""Difference where the known optimizer has another tree."""
SEARCH_DIGITS = 11
"""Significant digits of a constant in the search; more make the exact numbers too long."""
DIGITS = 7
"""Significant digits of a constant that the search finds."""
Residuals = Callable[[np.ndarray], np.ndarray]

PEAK = "peak_learning_rate"
"""Name of the factor of the schedule value."""


def constants_as_in(
    name: str, program: Program, own: Mapping[str, float]
) -> dict[str, float] | None:
    """Return the constants with which a known optimizer equals a program up to scales of states.

    Args:
        name: known optimizer, of the same tree as the program.
        program: valid program.
        own: constants of the program by role. A constant of the known optimizer that only guards a
            division has the value of that name.

    Returns:
        The constants by the known optimizer's names, and the factor of the schedule value unless it
        is 1. None if no constants make both equal.
    """
    term, states = standard_form(program)
    trees, numbers = list_coefficients(term)
    known = _find_same(trees, states, *standard_form(library.load(name)))
    if known is None:
        return None
    constants = library.doc(name).constants
    documented = {c.name: c.value for c in constants}
    scaled = [*states] if PEAK in documented else [*states, SCHEDULE]
    scales = np.transpose([_numbers_of_doubled(term, states, each) - numbers for each in scaled])
    scales = scales.reshape(len(numbers), len(scaled)) / np.log(2)

    def values_at(point: np.ndarray) -> dict[str, float]:
        return {c.name: from_axis(c.value, x) for c, x in zip(constants, point, strict=True)}

    def differences(point: np.ndarray) -> np.ndarray:
        values = values_at(point)
        # If two names have one number, the first name counts.
        changed = {
            number(exact(c.value)): number(Fraction(f"{values[c.name]:.{SEARCH_DIGITS}g}"))
            for c in reversed(constants)
        }
        found, others = list_coefficients(substitute(known, changed))
        return np.subtract(numbers, others) if found == trees else np.full(len(numbers), FAR)

    def residuals(point: np.ndarray) -> np.ndarray:
        """Return the differences that no scale of a state or of the schedule value explains."""
        all_differences = differences(point)
        return all_differences - scales @ np.linalg.lstsq(scales, all_differences)[0]

    first = [
        to_axis(c.value, own[c.name] if is_on_axis(c.value, own.get(c.name, 0.0)) else c.value)
        for c in constants
    ]
    point = _minimize(residuals, np.array(first))
    if np.abs(residuals(point)).max(initial=0.0) > TOLERANCE:
        return None
    is_open = [_is_open(i, residuals, point) for i in range(len(point))]
    # An open constant keeps its documented value, which leaves its part to the schedule value.
    point = np.where(is_open, [to_axis(c.value, c.value) for c in constants], point)
    found: dict[str, float] = {}
    for (c, value), without in zip(values_at(point).items(), is_open, strict=True):
        if not without:
            found[c] = _rounded(value)
        elif c in own:
            found[c] = own[c]
    if PEAK not in documented:
        fit, *_ = np.linalg.lstsq(scales, differences(point))
        peak = _rounded(np.exp(fit[-1]))
        found |= {PEAK: peak} if abs(peak - 1) > TOLERANCE else {}
    return found


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def _minimize(residuals: Residuals, first: np.ndarray) -> np.ndarray:
    start = residuals(first)
    if not first.size or np.abs(start).max(initial=0.0) < TOLERANCE / 10:
        return first
    from scipy.optimize import least_squares

    tight: dict[str, Any] = {"xtol": 1e-12, "ftol": 1e-14, "gtol": 1e-14}
    return least_squares(residuals, first, diff_step=1e-6, max_nfev=30, **tight).x


def _is_open(place: int, residuals: Residuals, point: np.ndarray) -> bool:
    """Return True if a constant only guards a division, or if it is another one's factor."""
    moved = point.copy()
    moved[place] += 1
    return bool(np.allclose(residuals(moved), residuals(point), atol=TOLERANCE))


def _find_same(
    trees: tuple[Node, ...], states: list[str], known: Term, known_states: list[str]
) -> Term | None:
    """Return a known optimizer with its states named and ordered so that it has certain trees."""
    if len(states) != len(known_states):
        return None
    update, *news = known.args
    for names in itertools.permutations(states):
        renamed = {
            variable(old, Kind.TREE): variable(new, Kind.TREE)
            for old, new in zip(known_states, names, strict=True)
        }
        by_name = dict(zip(names, news, strict=True))
        outputs = make(known.op, update, *(by_name[state] for state in states))
        if list_coefficients(result := substitute(outputs, renamed))[0] == trees:
            return result
    return None


def _numbers_of_doubled(term: Term, states: list[str], name: str) -> np.ndarray:
    """Return the numbers of a program whose state, or schedule value, has the double scale."""
    two = number(2)
    kind = Kind.SCALAR if name == SCHEDULE else Kind.TREE
    old = variable(name, kind)
    update, *news = substitute(term, {old: make("multiply", old, two)}).args
    halved = [
        make("multiply", new, make("reciprocal", two)) if state == name else new
        for state, new in zip(states, news, strict=True)
    ]
    return np.array(list_coefficients(make(term.op, update, *halved))[1])
