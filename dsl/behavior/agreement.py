"""Agreement of the updates of two programs on records: a cosine over a whole training."""

from collections.abc import Sequence

import numpy as np

from lionhunt.dsl.behavior.record import Record

FIRST_STEP = 5
"""First step that is compared; before it, states that start as zeros decide."""

ROUNDING = 1e-5
"""Share of an update that may be rounding."""


def cosine(ours: Sequence[np.ndarray], theirs: Sequence[np.ndarray]) -> float:
    """Return the mean over records of the cosine between two sequences of updates.

    Each step counts the same, however long its updates are. The cosine is 1 if one sequence is a
    multiple of the other, with one factor for each record. Steps of different length lower it.

    Args:
        ours, theirs: updates on each record, apart from weight decay.
    """
    return float(np.mean([_cosine(a, b) for a, b in zip(ours, theirs, strict=True)]))


def _cosine(a: np.ndarray, b: np.ndarray) -> float:
    a, b = a[FIRST_STEP:], b[FIRST_STEP:]
    lengths, others = (np.linalg.norm(part, axis=1) for part in (a, b))
    can_be_used, others_can = ((x > 0) & np.isfinite(x) for x in (lengths, others))
    both = can_be_used & others_can
    if not both.any():
        return 0.0
    ratios = lengths[both] / others[both]
    cosines = np.sum(a[both] * b[both], axis=1) / (lengths[both] * others[both])
    # A step in which only one of the two moves is a step without agreement.
    share = both.sum() / (can_be_used | others_can).sum()
    return float(share * cosines.sum() / np.sqrt(ratios.sum() * (1 / ratios).sum()))


def without_decay(updates: np.ndarray, record: Record) -> np.ndarray:
    """Return updates without their part along the weights, in float64.

    So a weight decay of any size is no difference; its loss is one dimension of thousands. What is
    left of a mere weight decay is rounding, and becomes 0.
    """
    weights = record.weights.astype(np.float64)
    updates = updates.astype(np.float64)
    squared = np.maximum(np.sum(weights * weights, axis=1, keepdims=True), np.finfo(float).tiny)
    with np.errstate(invalid="ignore", over="ignore"):
        along = np.sum(updates * weights, axis=1, keepdims=True) / squared
        rest = updates - weights * along
        lengths, all_lengths = (np.linalg.norm(x, axis=1, keepdims=True) for x in (rest, updates))
        return np.where(lengths <= ROUNDING * all_lengths, 0.0, rest)


def scale_to(ours: np.ndarray, theirs: np.ndarray) -> float:
    """Return the factor that brings their updates nearest to ours, after the first steps."""
    a, b = ours[FIRST_STEP:], theirs[FIRST_STEP:]
    return float(np.sum(a * b) / max(np.sum(b * b), np.finfo(float).tiny))
