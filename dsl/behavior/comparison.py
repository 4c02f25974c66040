"""Comparison of a program with every known optimizer, by their updates on recorded gradients."""

from collections.abc import Collection, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.behavior.agreement import cosine, scale_to, without_decay
from lionhunt.dsl.behavior.fitting import PERFECT, FittedConstants, fit_constants
from lionhunt.dsl.behavior.record import Record, run_on
from lionhunt.dsl.behavior.response import (
    SizeRange,
    decay_rate,
    respond_to_age,
    respond_to_factor,
    respond_to_size,
)
from lionhunt.dsl.classification.classifier import UNSIMPLIFIED_LION
from lionhunt.dsl.edits.named_constants import replace_named
from lionhunt.dsl.program import Program

NUM_FITTED = 4
"""Known optimizers whose constants are fitted; one stands for all that behave alike."""
NUM_TRIALS, NUM_CLOSE_TRIALS = 12, 40
"""Trials of a first fit, and of a closer one of the nearest, for each constant."""
NEAR = 0.5
"""Least cosine of an optimizer that is fitted more closely."""
NUM_NEAREST = 3
"""Known optimizers in the result."""
ALIKE, DISTINCT = 0.9995, 0.99
"""Least cosine of two known optimizers that behave alike, and largest of two in a result."""
PRICE = 0.002
"""Cosine that a fitted constant must gain: with more constants, any optimizer comes nearer."""
NEARER = 0.01
"""Least gain in cosine of an optimizer that is nearer at another size of gradients."""
FACTORS = (0.01, 100.0)
"""Factors of all gradients at which the nearest optimizer is looked up again."""


class Neighbor(NamedTuple):
    """A known optimizer beside a program.

    Attributes:
        optimizers: its name, then the names of those that behave alike.
        cosine: cosine of the updates, with its documented constants, apart from weight decay.
        fitted_cosine: cosine with fitted constants.
        constants: these constants, by name.
    """

    optimizers: tuple[str, ...]
    cosine: float
    fitted_cosine: float
    constants: dict[str, float]

    @property
    def name(self) -> str:
        return self.optimizers[0]


class GradientResponse(NamedTuple):
    """GradientResponse of one optimizer to changes of the gradients.

    Attributes:
        effects: share of a gradient's effect at each age; see `respond_to_age`.
        growth: growth of the updates with gradients 10 times larger.
        decay: share of the weights that an update takes without a gradient, where the updates have
            the scale of the nearest; None for another drift.
    """

    effects: tuple[float, ...]
    growth: float
    decay: float | None


class Behavior(NamedTuple):
    """Known optimizers that behave like a program, and the differences of the nearest one.

    Attributes:
        problem: reason for having no neighbors, as text; empty if there are some.
        nearest: neighbors, the nearest first.
        scale: length of the updates relative to those of the nearest.
        sizes: updates relative to those of the nearest, by the size of the gradient.
        own, known: responses of the program and of the nearest with its fitted constants.
        at_factors: known optimizer that is nearer if all gradients are multiplied by a factor, and
            its cosine.
    """

    problem: str
    nearest: tuple[Neighbor, ...] = ()
    scale: float = 1.0
    sizes: tuple[SizeRange, ...] = ()
    own: GradientResponse | None = None
    known: GradientResponse | None = None
    at_factors: dict[float, tuple[str, float]] = {}


class Known:
    """The known optimizers on some records, each with its documented constants.

    Args:
        records: recorded trainings of equally many steps.
    """

    def __init__(self, records: Sequence[Record]):
        self.records = tuple(records)
        names = [name for name in library.names() if name not in UNSIMPLIFIED_LION]
        self._programs = {name: simplify(library.load(name)) for name in names}
        self._updates: dict[float, dict[str, list[np.ndarray]]] = {}

    def at(self, factor: float) -> Mapping[str, list[np.ndarray]]:
        """Return the updates by name, apart from weight decay, with all gradients multiplied."""
        if factor not in self._updates:
            records = _scaled(self.records, factor)
            self._updates[factor] = {
                name: _updates(program, records) for name, program in self._programs.items()
            }
        return self._updates[factor]


def _updates(program: Program, records: Sequence[Record]) -> list[np.ndarray]:
    pairs = zip(run_on(program, records), records, strict=True)
    # Single precision halves the memory of all known optimizers.
    return [without_decay(updates, record).astype(np.float32) for updates, record in pairs]


def _scaled(records: Sequence[Record], factor: float) -> list[Record]:
    return [record.scaled(factor) for record in records]


@np.errstate(all="ignore")
def compare_behavior(program: Program, known: Known, like: Collection[str] = ()) -> Behavior:
    """Compare a program with every known optimizer.

    Args:
        program: valid program.
        known: the known optimizers on records.
        like: names of known optimizers to fit in any case: those that a comparison of the programs
            themselves found.
    """
    program = simplify(program)
    ours = _updates(program, known.records)
    if problem := _find_problem(ours):
        return Behavior(problem)
    cosines = {name: cosine(ours, theirs) for name, theirs in known.at(1.0).items()}
    ranked = sorted(cosines, key=lambda name: -cosines[name])
    groups = _group_alike(ranked, known.at(1.0), like)
    # Where documented constants agree, no others are needed.
    num_trials = 0 if cosines[ranked[0]] >= PERFECT else NUM_TRIALS
    fits = [_fit(ours, group, cosines[group[0]], known.records, num_trials) for group in groups]
    fits.sort(key=lambda fit: -fit.merit)
    if fits[0].neighbor.fitted_cosine >= NEAR:
        fits[0] = _fit_closely(ours, fits[0], known.records)
    distinct: list[_Fit] = []
    for fit in fits:
        # With extreme constants one optimizer becomes another, which says nothing new.
        if all(cosine(fit.updates, other.updates) <= DISTINCT for other in distinct):
            distinct.append(fit)
    nearest = distinct[0]
    scales = [abs(scale_to(a, b)) for a, b in zip(ours, nearest.updates, strict=True)]
    scale = float(np.exp(np.mean(np.log(np.maximum(scales, 1e-30)))))
    return Behavior(
        "",
        tuple(fit.neighbor for fit in distinct[:NUM_NEAREST]),
        scale,
        respond_to_size(ours, nearest.updates, known.records),
        _respond(program, known.records, scale),
        _respond(nearest.program, known.records, 1.0),
        {
            factor: found
            for factor in FACTORS
            if (found := _nearest_at(program, nearest, ours, factor, known)) is not None
        },
    )


def _find_problem(updates: Sequence[np.ndarray]) -> str:
    for each in updates:
        finite = np.isfinite(each).all(axis=1)
        if not finite.all():
            return f"its update is not finite at step {int(np.argmin(finite)) + 1} of a training"
    if not any(each.any() for each in updates):
        return "it moves no weight, apart from weight decay"
    return ""


def _group_alike(
    ranked: Sequence[str], updates: Mapping[str, list[np.ndarray]], like: Collection[str]
) -> list[list[str]]:
    """Return groups of optimizers that behave alike: the first of the ranking, and those in `like`.

    A group is ranked too, so its first name stands for it.
    """
    groups: list[list[str]] = []
    for name in ranked:
        alike = (group for group in groups if cosine(updates[group[0]], updates[name]) > ALIKE)
        if name in like:
            groups.append([name])
        elif (group := next(alike, None)) is not None:
            group.append(name)
        elif len(groups) < NUM_FITTED:
            groups.append([name])
    return groups


class _Fit(NamedTuple):
    """A neighbor, its program with fitted constants, and the updates of this program."""

    neighbor: Neighbor
    program: Program
    updates: list[np.ndarray]

    @property
    def merit(self) -> float:
        """Return the fitted cosine less the price of the constants that were fitted."""
        documented = {c.name: c.value for c in library.doc(self.neighbor.name).constants}
        num_fitted = sum(x != documented[c] for c, x in self.neighbor.constants.items())
        return self.neighbor.fitted_cosine - PRICE * num_fitted


def _fit(
    ours: list[np.ndarray],
    group: list[str],
    start: float,
    records: Sequence[Record],
    num_trials: int,
) -> _Fit:
    """Fit the first optimizer of a group to updates, from its documented constants on."""
    values = {c.name: c.value for c in library.doc(group[0]).constants}
    neighbor = Neighbor(tuple(group), start, start, values)
    return _improve(ours, neighbor, records, num_trials, 1.0)


def _fit_closely(ours: list[np.ndarray], fit: _Fit, records: Sequence[Record]) -> _Fit:
    """Fit the constants again, from the fitted ones on in smaller steps."""
    return _improve(ours, fit.neighbor, records, NUM_CLOSE_TRIALS, 0.2)


def _improve(
    ours: list[np.ndarray],
    neighbor: Neighbor,
    records: Sequence[Record],
    num_trials: int,
    step: float,
) -> _Fit:
    program, constants = library.load(neighbor.name), library.doc(neighbor.name).constants
    program = simplify(program)

    def score(changed: Program) -> float:
        return cosine(ours, _updates(changed, records))

    start = FittedConstants(neighbor.constants, neighbor.fitted_cosine)
    values, reached = fit_constants(constants, program, score, start, num_trials, step)
    fitted = replace_named(program, constants, values)
    better = neighbor._replace(fitted_cosine=reached, constants=values)
    return _Fit(better, fitted, _updates(fitted, records))


def _nearest_at(
    program: Program, nearest: _Fit, ours: list[np.ndarray], factor: float, known: Known
) -> tuple[str, float] | None:
    """Return a known optimizer and its cosine where all gradients are multiplied.

    The result is None if none is nearer than the one that is nearest at the factor 1. This is so if
    the program and that one only change the length of their updates.
    """
    records = _scaled(known.records, factor)
    own, other = _updates(program, records), _updates(nearest.program, records)
    pairs = (own, ours), (other, nearest.updates)
    if _find_problem(own) or all(cosine(*pair) > 1 - NEARER for pair in pairs):
        return None
    cosines = {name: cosine(own, theirs) for name, theirs in known.at(factor).items()}
    name = max(cosines, key=lambda name: round(cosines[name], 3))
    return (name, cosines[name]) if cosines[name] > cosine(own, other) + NEARER else None


def _respond(program: Program, records: Sequence[Record], scale: float) -> GradientResponse:
    decay = decay_rate(program, records)
    return GradientResponse(
        respond_to_age(program, records),
        respond_to_factor(program, records),
        None if decay is None else decay / scale,
    )
