"""Early stopping: hurdles, which are the largest losses allowed in the chunks of a training.

A candidate that passes all hurdles trains as without them, and has the same scores. No hurdle is
below the loss of the initial program, which therefore always passes.
"""

from collections.abc import Collection

import numpy as np

from lionhunt.search.evaluation.job import Hurdles

Curves = tuple[tuple[float, ...], ...]
"""For each task, the training loss of each chunk."""

MIN_PARENTS = 20
"""Candidate parents below which a percentile means little."""

_LARGEST = float(np.finfo(np.float32).max)


def set_hurdles(
    initial: Curves, parents: Collection[Curves], slack: float | None, percentile: float | None
) -> Hurdles | None:
    """Return the hurdles of a candidate: for each chunk, the lower of those asked for.

    The first chunk has no hurdle: a program that warms up slowly may still win.

    Args:
        initial: the curves of the initial program.
        parents: the curves of the candidate parents: different programs that trained to the end.
        slack: see `initial_hurdles`; None for no such hurdles.
        percentile: see `percentile_hurdles`; None for no such hurdles.

    Returns:
        None for no hurdles.
    """
    limits = []
    if slack is not None:
        limits.append(initial_hurdles(np.array(initial), slack))
    if percentile is not None and len(parents) >= MIN_PARENTS:
        limits.append(percentile_hurdles(np.array(initial), np.array(list(parents)), percentile))
    if not limits:
        return None
    lowest = np.min(limits, axis=0)
    lowest[:, 0] = np.inf
    # Training reads the hurdles in float32.
    lowest[lowest > _LARGEST] = np.inf
    return tuple(map(tuple, lowest.tolist()))


def initial_hurdles(initial: np.ndarray, slack: float) -> np.ndarray:
    """Return hurdles above the curves of the initial program.

    The range of a curve is the unit of the slack. It fits losses of any scale and curves of any
    shape, and is never less than the noise in them.

    Args:
        initial: the curves, shape=(tasks, chunks).
        slack: the distance above each curve, as a share of its range; not negative.

    Returns:
        Shape=(tasks, chunks).
    """
    return initial + slack * np.ptp(initial, axis=1, keepdims=True)


def percentile_hurdles(initial: np.ndarray, parents: np.ndarray, percentile: float) -> np.ndarray:
    """Return hurdles at a percentile of the losses of other programs.

    Real et al., 2020 (arXiv:2003.03384) have one hurdle, at the 75th percentile of the unique
    fitness values in the population. Here every chunk of every task has its own.

    Args:
        initial: the curves of the initial program, shape=(tasks, chunks).
        parents: the curves of the other programs, shape=(parents, tasks, chunks).
        percentile: the percentage of them to equal. 0 asks for the loss of the worst, 75 for a
            loss that only the best quarter reached.

    Returns:
        Shape=(tasks, chunks).
    """
    limits = np.quantile(parents, 1 - percentile / 100, axis=0, method="higher")
    return np.maximum(limits, initial)
