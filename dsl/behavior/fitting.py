"""Fitting of a known optimizer's constants, so that its updates come nearest to given ones."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.dsl.edits.constants import replace_constants
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.docstring import NamedConstant

MAX_CONSTANTS = 4
"""Limit on the constants that are fitted; further ones keep their values."""
PERFECT = 0.99999
"""Score that ends the search."""
SCALES = frozenset({"weight_decay", "peak_learning_rate", "step_size", "learning_rate"})
"""Names of constants that scale the update or decay the weights; a cosine does not see them."""
TINY = 1e-4
"""Largest constant that is a guard; its size is in doubt by factors of a thousand."""
_STEPS = {"share": 1.5, "guard": 6.0, "positive": 1.0, "number": 1.0}
"""First changes of a constant on its own axis."""


class FittedConstants(NamedTuple):
    """Constants of a known optimizer, and how well it agrees with them.

    Attributes:
        values: constants by name.
        score: the score that they reach.
    """

    values: dict[str, float]
    score: float


def fit_constants(
    constants: Sequence[NamedConstant],
    program: Program,
    score: Callable[[Program], float],
    start: FittedConstants,
    num_trials: int,
    step: float = 1.0,
) -> FittedConstants:
    """Search for the constants with the best score.

    The search is Nelder and Mead's simplex (1965). Shares are on the axis log(x / (1 - x)), positive
    numbers on a logarithmic one.

    Args:
        constants: named constants of the program.
        program: known optimizer, as documented.
        score: agreement of a program; higher is better. NaN counts as the least.
        start: first constants, with their score.
        num_trials: limit on the trials, for each constant that is fitted.
        step: size of the first changes.
    """
    from scipy.optimize import minimize

    fitted = [c for c in constants if c.name not in SCALES and c.value][:MAX_CONSTANTS]
    best = start
    if not fitted or start.score >= PERFECT:
        return best
    kinds = [_kind(c.value) for c in fitted]

    def loss(point: np.ndarray) -> float:
        nonlocal best
        own = [_from_axis(kind, float(x)) for kind, x in zip(kinds, point, strict=True)]
        values = start.values | {c.name: value for c, value in zip(fitted, own, strict=True)}
        reached = score(with_constants(program, constants, values))
        if reached > best.score:
            best = FittedConstants(values, reached)
        return -reached if math.isfinite(reached) else 1.0

    pairs = zip(kinds, fitted, strict=True)
    origin = np.array([_to_axis(kind, start.values[c.name]) for kind, c in pairs])
    corners = origin + step * np.diag([_STEPS[kind] for kind in kinds])
    options = {
        "initial_simplex": np.vstack([origin, corners]),
        "maxfev": num_trials * len(fitted),
        "fatol": 1e-6,
        "xatol": 1e-3,
    }
    minimize(loss, origin, method="Nelder-Mead", options=options)
    return best


def with_constants(
    program: Program, constants: Sequence[NamedConstant], values: Mapping[str, float]
) -> Program:
    """Return a known optimizer with other values of its named constants."""
    # If two names have one number, the first name counts.
    return replace_constants(program, {c.value: values[c.name] for c in reversed(constants)})


def _kind(value: float) -> str:
    if 0 < value <= TINY:
        return "guard"
    if 0 < value < 1:
        return "share"
    return "positive" if value > 0 else "number"


def _to_axis(kind: str, value: float) -> float:
    if kind == "number":
        return value
    return math.log(value) - (math.log1p(-value) if kind == "share" else 0.0)


def _from_axis(kind: str, x: float) -> float:
    if kind == "number":
        return x
    if kind == "share":
        return 1 / (1 + math.exp(-max(-30.0, min(15.0, x))))
    return math.exp(max(-80.0, min(80.0, x)))
