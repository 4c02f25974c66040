"""Responses of an optimizer's updates: to the size of gradients, and to one old gradient."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from lionhunt.dsl.behavior.agreement import FIRST_STEP, scale_to, without_decay
from lionhunt.dsl.behavior.record import Record, run_on
from lionhunt.dsl.program import Program

SHARES = (0.25, 0.5, 0.75, 0.95, 1.0)
"""Quantiles of the gradients between which the ranges lie.

Where gradients are smaller, removing the weight decay changes the updates more than they differ.
"""
HORIZON = 20
"""Steps after an old gradient in which its effect is followed."""
CHANGED_STEPS = (6, 12, 18)
"""Steps whose gradient is turned around, one at a time."""
STRAY = 1e-3
"""Largest share of a weight decay that is no multiple of the weights."""

_TINY, _HUGE = 1e-30, 1e30


class SizeRange(NamedTuple):
    """Numbers whose gradients are of similar size.

    Attributes:
        least, largest: range of the absolute gradients.
        ratio: mean length of our updates there relative to theirs. Their updates are scaled to ours
            as a whole.
    """

    least: float
    largest: float
    ratio: float


def respond_to_size(
    ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray], records: Sequence[Record]
) -> tuple[SizeRange, ...]:
    """Compare the updates of two programs in ranges of the gradients.

    The bounds and the ratios are geometric means over the records.
    """
    triples = zip(ours, theirs, records, strict=True)
    edges, ratios = zip(*(_by_size(*triple) for triple in triples), strict=True)
    bounds, means = (_geometric_means(np.array(rows)) for rows in (edges, ratios))
    return tuple(SizeRange(*row) for row in zip(bounds, bounds[1:], means, strict=False))


def _geometric_means(rows: np.ndarray) -> list[float]:
    return np.exp(np.mean(np.log(np.maximum(rows, _TINY)), axis=0)).tolist()


def _by_size(ours: np.ndarray, theirs: np.ndarray, record: Record) -> tuple[np.ndarray, np.ndarray]:
    """Return the bounds of the ranges, and the ratio of the updates' mean lengths in each."""
    sizes, lengths, others = (
        np.abs(part[FIRST_STEP:].ravel()) for part in (record.gradients, ours, theirs)
    )
    present = sizes > 0
    edges = np.quantile(sizes[present], SHARES)
    num_ranges = len(SHARES) - 1
    present &= sizes >= edges[0]
    places = np.searchsorted(edges[1:-1], sizes[present], side="right")
    own, other = (np.bincount(places, x[present], num_ranges) for x in (lengths, others))
    return edges, own / np.maximum(other * abs(scale_to(ours, theirs)), _TINY)


def respond_to_age(program: Program, records: Sequence[Record]) -> tuple[float, ...]:
    """Return the effect of one gradient on the updates of its own and later steps.

    The effect at an age is the length of the change that turning the gradient around makes. The
    effects of all ages up to `HORIZON` sum to 1, unless there is none.
    """
    plain = run_on(program, records)
    effects = np.zeros(HORIZON + 1)
    for step in CHANGED_STEPS:
        turned = [record.with_turned_gradient(step) for record in records]
        for updates, changed in zip(plain, run_on(program, turned), strict=True):
            after = slice(step, step + HORIZON + 1)
            change = (changed[after].astype(np.float64) - updates[after]).clip(-_HUGE, _HUGE)
            typical = np.mean(np.linalg.norm(updates[FIRST_STEP:], axis=1))
            effects += np.linalg.norm(change, axis=1) / max(float(typical), _TINY)
    return tuple((effects / max(effects.sum(), _TINY)).tolist())


def half_age(effects: Sequence[float]) -> int | None:
    """Return the age within which half of all effect is; None if there is no effect."""
    total = np.cumsum(effects)
    return int(np.searchsorted(total, total[-1] / 2)) if total[-1] > 0 else None


def respond_to_factor(program: Program, records: Sequence[Record]) -> float:
    """Return the growth of the updates with gradients 10 times larger: 1 for a sign, 10 for SGD."""
    growths = []
    for record, larger in zip(records, (r.scaled(10.0) for r in records), strict=True):
        small, large = (
            float(np.linalg.norm(without_decay(updates, record)))
            for updates in run_on(program, [record, larger])
        )
        growths.append(np.log(max(large, _TINY) / max(small, _TINY)))
    return float(np.exp(np.mean(growths)))


def decay_rate(program: Program, records: Sequence[Record]) -> float | None:
    """Return the share of the weights that an update takes without any gradient.

    The result is None if such an update is no multiple of the weights.
    """
    rates = []
    without = [record.scaled(0.0) for record in records]
    for record, updates in zip(without, run_on(program, without), strict=True):
        weights = record.weights.astype(np.float64)
        rate = float(np.sum(updates * weights) / max(float(np.sum(weights * weights)), _TINY))
        rest = np.linalg.norm(updates - rate * weights)
        if not rest <= STRAY * np.linalg.norm(updates):
            return None
        rates.append(rate)
    return float(np.mean(rates))
