"""Properties of an update rule, as a user of the optimizer would ask for them.

Liveness tells which inputs the update depends on. All else comes from a numeric probe of twelve
steps: the same run with other gradients, weights or schedule values. A program whose update is not
finite on the probe has none of the properties.
"""

import enum
import math
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from lionhunt.dsl.analysis.canonical import SCHEDULE, WEIGHTS, Canonical, canonicalize
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.analysis.numeric_probe import NUM_PARAMETERS, SHAPES, probe
from lionhunt.dsl.op_table import OPS, active_table
from lionhunt.dsl.program import Program

NUM_STEPS = 12
"""Steps of the probe; it does not see what happens later."""
FACTOR = 16.0
"""Factor of gradients and schedule values; a power of 2 keeps their digits."""
TOLERANCE = 1e-5
"""Largest difference of two updates that count as equal, relative to the largest number.

The guards of 1e-8 cause differences below that on the probe, whose numbers are near 1.
"""


class LearningRate(enum.StrEnum):
    """Dependence of the update on the schedule value."""

    FOLLOWED = enum.auto()
    """A multiple of the schedule values multiplies the update."""
    IGNORED = enum.auto()
    """The update does not depend on it."""
    OTHERWISE = enum.auto()


class Weights(enum.StrEnum):
    """Dependence of the update on the weights."""

    IGNORED = enum.auto()
    DECAYED = enum.auto()
    """A multiple of the weights is added to an update that ignores them."""
    OTHERWISE = enum.auto()


class Properties(NamedTuple):
    """Properties of an update rule.

    Attributes:
        learning_rate: dependence of the update on the schedule value.
        weights: dependence of the update on the weights.
        drifts: at zero gradient, the update moves weights other than towards zero.
        is_odd: opposite weights and gradients have the opposite update.
        degree: power of the gradient's scale that the update has, decay aside: 0 for Adam and Lion,
            1 for SGD; None if it has none.
        is_order_free: a permutation within the arrays permutes the update. It is False for
            functions of rows, columns and matrices.
    """

    learning_rate: LearningRate
    weights: Weights
    drifts: bool
    is_odd: bool
    degree: float | None
    is_order_free: bool


REQUIREMENTS: dict[str, Callable[[Properties], bool]] = {
    "uses_learning_rate": lambda found: found.learning_rate is LearningRate.FOLLOWED,
    "no_drift": lambda found: not found.drifts,
    "odd": lambda found: found.is_odd,
    "homogeneous": lambda found: found.degree is not None,
    "scale_free": lambda found: found.degree == 0,
    "only_decays_weights": lambda found: found.weights is not Weights.OTHERWISE,
    "order_free": lambda found: found.is_order_free,
}
"""Properties by the names under which a user may require them."""


def find_properties(program: Program) -> Properties:
    """Return the properties of a valid program.

    Example:
        >>> from lionhunt.dsl import library
        >>> find_properties(library.load("sgd")).degree
        1.0
    """
    return properties_of(canonicalize(program))


def known_properties(program: Program) -> Properties | None:
    """Return the properties of a valid program; None if that would load rules of the user.

    A command that only reads records must not execute the files that they name.
    """
    is_loaded = active_table().load is None
    if is_loaded or not any(OPS[s.op].own for s in simplify(program).statements):
        return find_properties(program)
    return None


def properties_of(canonical: Canonical) -> Properties:
    """Return the properties of a canonical form."""
    updates = dict(zip(_RUNS, np.moveaxis(_probe_all(canonical), 1, 0), strict=True))
    base = updates["base"]
    read = {k for instruction in canonical.instructions for k in instruction.operands}
    read |= set(canonical.outputs)
    # Updates may be at the end of the range of float64.
    with np.errstate(all="ignore"):
        return Properties(
            _learning_rate(updates) if SCHEDULE in read else LearningRate.IGNORED,
            _weights(updates) if WEIGHTS in read else Weights.IGNORED,
            _drifts(updates),
            _equal(updates["opposite"], -base),
            _degree(updates),
            _equal(updates["permuted"], base[:, _ORDER]),
        )


def missing(canonical: Canonical, required: tuple[str, ...]) -> tuple[str, ...]:
    """Return the required properties that a canonical form lacks, by their names."""
    if not required:
        return ()
    found = properties_of(canonical)
    return tuple(name for name in required if not REQUIREMENTS[name](found))


def describe(found: Properties) -> tuple[str, ...]:
    """Describe the properties in short phrases."""
    degree = found.degree
    rate = {
        LearningRate.FOLLOWED: "the update is a multiple of the learning rate",
        LearningRate.IGNORED: "the update ignores the learning rate",
        LearningRate.OTHERWISE: "the update depends on the learning rate, but is no multiple of it",
    }
    weights = {
        Weights.IGNORED: "ignores the weights",
        Weights.DECAYED: "decays the weights",
        Weights.OTHERWISE: "reads the weights",
    }
    return (
        rate[found.learning_rate],
        weights[found.weights],
        "moves weights without a gradient" if found.drifts else "rests without a gradient",
        "odd" if found.is_odd else "not odd: a sign matters",
        "depends on the gradient's scale in no simple way"
        if degree is None
        else "the gradient's scale does not matter"
        if degree == 0
        else f"grows with the gradient's scale to the power {degree:g}",
        "blind to the order of coordinates" if found.is_order_free else "sees rows and columns",
    )


def faults(found: Properties | None) -> Iterator[str]:
    """Yield what an update does that makes an optimizer hard to use, as far as that is known."""
    if found is None:
        return
    if found.learning_rate is LearningRate.IGNORED:
        yield "ignores the learning rate"
    if found.drifts:
        yield "drifts without a gradient"


def _draw() -> tuple[np.ndarray, np.ndarray]:
    """Draw weights and gradients of each step, none of them near zero."""
    rng = np.random.Generator(np.random.PCG64(20241208))
    shape = (2, NUM_STEPS, NUM_PARAMETERS)
    return tuple(rng.uniform(0.25, 2.0, shape) * rng.choice([-1.0, 1.0], shape))


def _draw_order() -> np.ndarray:
    """Draw a permutation of the places within each array."""
    rng = np.random.Generator(np.random.PCG64(3))
    places, start = [], 0
    for shape in SHAPES:
        size = math.prod(shape)
        places.append(start + rng.permutation(size))
        start += size
    return np.concatenate(places)


_W, _G = _draw()
_LR = np.geomspace(1.0, 0.25, NUM_STEPS)
_ORDER = _draw_order()
_RUNS: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {
    "base": (_W, _G, _LR),
    "larger": (_W, _G * FACTOR, _LR),
    "smaller": (_W, _G / FACTOR, _LR),
    "faster": (_W, _G, _LR * FACTOR),
    "opposite": (-_W, -_G, _LR),
    "no gradient": (_W, 0 * _G, _LR),
    "no weights": (0 * _W, _G, _LR),
    "nothing": (0 * _W, 0 * _G, _LR),
    "permuted": (_W[:, _ORDER], _G[:, _ORDER], _LR),
}
"""Weights, gradients and schedule values of each run of the probe."""
_ALL_WEIGHTS, _ALL_GRADIENTS = (np.stack([run[i] for run in _RUNS.values()], 1) for i in (0, 1))
_ALL_SCHEDULES = np.stack([run[2] for run in _RUNS.values()], 1)[..., None]

Updates = dict[str, np.ndarray]
"""Updates of each run; shape=(NUM_STEPS, NUM_PARAMETERS)."""


def _probe_all(canonical: Canonical) -> np.ndarray:
    return probe(canonical, _ALL_WEIGHTS, _ALL_GRADIENTS, list(_ALL_SCHEDULES))


def _learning_rate(updates: Updates) -> LearningRate:
    base, faster = updates["base"], updates["faster"]
    if _equal(base, faster):
        return LearningRate.IGNORED
    return LearningRate.FOLLOWED if _equal(base * FACTOR, faster) else LearningRate.OTHERWISE


def _weights(updates: Updates) -> Weights:
    base, without = updates["base"], updates["no weights"]
    if _equal(base, without):
        return Weights.IGNORED
    rates = np.mean((base - without) / _W, 1, keepdims=True)
    return Weights.DECAYED if _equal(base, without + rates * _W) else Weights.OTHERWISE


def _drifts(updates: Updates) -> bool:
    update = updates["no gradient"]
    is_at_rest = np.all(updates["nothing"] == 0)
    return not (is_at_rest and np.all(np.isfinite(update)) and np.all(update * _W >= 0))


def _degree(updates: Updates) -> float | None:
    rest = updates["no gradient"]
    base, larger, smaller = (updates[name] - rest for name in ("base", "larger", "smaller"))
    degree = np.log(np.linalg.norm(larger) / np.linalg.norm(smaller)) / math.log(FACTOR**2)
    if not np.isfinite(degree):
        return None
    degree = round(float(degree), 3)
    scales = FACTOR**degree
    is_power = _equal(larger, base * scales, 1e-3) and _equal(smaller * scales, base, 1e-3)
    return degree + 0.0 if is_power else None


def _equal(left: np.ndarray, right: np.ndarray, tolerance: float = TOLERANCE) -> bool:
    """Return whether two runs have the same finite updates up to rounding."""
    if not (np.all(np.isfinite(left)) and np.all(np.isfinite(right))):
        return False
    return bool(np.max(np.abs(left - right)) <= tolerance * np.max(np.abs(left)))
