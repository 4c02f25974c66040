"""Where the training of a candidate stops early: losses that its chunks may not be above.

A hurdle only stops: what passes them all has trained as without any, and has the same scores. None
is below the loss of the initial program, which therefore always passes.
"""

from collections.abc import Collection

import numpy as np

from lionhunt.search.evaluation.job import Hurdles

Curves = tuple[tuple[float, ...], ...]
"""For each task, the training loss of each chunk."""

MIN_ELDERS = 20
"""Of fewer programs, a percentile says little."""

_LARGEST = float(np.finfo(np.float32).max)


def set_hurdles(
    initial: Curves, elders: Collection[Curves], slack: float | None, percentile: float | None
) -> Hurdles | None:
    """The hurdles of a candidate: of each chunk, the lower one of those asked for.

    The first chunk has none: what warms up slowly may still win.

    Args:
        initial: the curves of the initial program.
        elders: those of the candidate's elders, different programs that trained to their end.
        slack: see `initial_hurdles`; None for no such hurdles.
        percentile: see `percentile_hurdles`; None for no such hurdles.

    Returns:
        None for no hurdles.
    """
    limits = []
    if slack is not None:
        limits.append(initial_hurdles(np.array(initial), slack))
    if percentile is not None and len(elders) >= MIN_ELDERS:
        limits.append(percentile_hurdles(np.array(initial), np.array(list(elders)), percentile))
    if not limits:
        return None
    lowest = np.min(limits, axis=0)
    lowest[:, 0] = np.inf
    lowest[lowest > _LARGEST] = np.inf  # training takes them in float32
    return tuple(map(tuple, lowest.tolist()))


def initial_hurdles(initial: np.ndarray, slack: float) -> np.ndarray:
    """Hurdles above the curves of the initial program.

    The slack is measured by the range of a curve: that fits losses of any scale and curves of any
    shape, and is never less than the noise that is seen in them.

    Args:
        initial: its curves, shape=(tasks, chunks).
        slack: how far above, as a share of each curve's range; not negative.

    Returns:
        Of that shape.
    """
    return initial + slack * np.ptp(initial, axis=1, keepdims=True)


def percentile_hurdles(initial: np.ndarray, elders: np.ndarray, percentile: float) -> np.ndarray:
    """Hurdles at a percentile of the losses of other programs.

    Real et al., 2020 (arXiv:2003.03384) have one hurdle, at the 75th percentile of the unique
    fitness values in the population; here every chunk of every task has its own.

    Args:
        initial: the curves of the initial program, shape=(tasks, chunks).
        elders: curves of others, shape=(elders, tasks, chunks).
        percentile: how many in a hundred of these are to be equalled; 0 asks for what the worst of
            them reached, 75 for what only the best quarter did.

    Returns:
        Shape=(tasks, chunks).
    """
    limits = np.quantile(elders, 1 - percentile / 100, axis=0, method="higher")
    return np.maximum(limits, initial)
