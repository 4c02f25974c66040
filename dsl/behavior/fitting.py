"""Fitting of a known optimizer's constants, so that its updates come nearest to given ones."""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.dsl.edits.named_constants import from_axis, replace_named, to_axis
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
STEP, STEP_OF_TINY = 1.5, 6.0
"""First changes of a constant on its axis."""


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

    The search is Nelder and Mead's simplex (1965), on the axes of `edits.named_constants`.

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
    if not fitted or not num_trials or start.score >= PERFECT:
        return best

    def loss(point: np.ndarray) -> float:
        nonlocal best
        pairs = zip(fitted, point.tolist(), strict=True)
        values = start.values | {c.name: from_axis(c.value, x) for c, x in pairs}
        reached = score(replace_named(program, constants, values))
        if reached > best.score:
            best = FittedConstants(values, reached)
        return -reached if math.isfinite(reached) else 1.0

    origin = np.array([to_axis(c.value, start.values[c.name]) for c in fitted])
    steps = [STEP_OF_TINY if abs(c.value) <= TINY else STEP for c in fitted]
    corners = origin + step * np.diag(steps)
    options = {
        "initial_simplex": np.vstack([origin, corners]),
        "maxfev": num_trials * len(fitted),
        "fatol": 1e-6,
        "xatol": 1e-3,
    }
    minimize(loss, origin, method="Nelder-Mead", options=options)
    return best
