"""Step sizes: the multiples of its update that a candidate trains with, as powers of two.

The grid travels. Its centre is the best multiple of the parent, so that a lineage may go as far as
it needs. It is a function of the history alone. Powers of two change no bit but the exponent. So a
program whose learning rate is multiplied instead trains the same.
"""

import math
import statistics
from collections.abc import Callable, Sequence

from lionhunt.search.evaluation.outcome import Measurement, Status

Multiples = tuple[float, ...]
"""For each task of a run, a multiple of the update."""

MAX_EXPONENT = 60
"""Multiples are from 2^-60 to 2^60, far within the range of float32."""

MAX_ROUNDS = 8
"""Grids after which the reference travels no further."""


def grids(centers: Multiples, step_sizes: Sequence[float]) -> tuple[Multiples, ...]:
    """Return the multiples to try on each task.

    Args:
        centers: for each task, the multiple in the middle.
        step_sizes: relative to the middle, powers of two.
    """
    return tuple(tuple(_bounded(center * size) for size in step_sizes) for center in centers)


def _bounded(multiple: float) -> float:
    exponent = round(math.log2(multiple))
    return 2.0 ** max(-MAX_EXPONENT, min(MAX_EXPONENT, exponent))


def is_step_size(number: float) -> bool:
    """Return whether a number is a power of two from 2^-20 to 2^20."""
    return 2.0**-20 <= number <= 2.0**20 and math.frexp(number)[0] == 0.5


def check_multiples(multiples: Multiples) -> None:
    """Raise `ValueError` if one of the multiples is none that a run trains with."""
    for multiple in multiples:
        if not 0 < multiple < math.inf or _bounded(multiple) != multiple:
            raise ValueError(f"multiple {multiple} must be a power of two")


def common_multiple(multiples: Multiples) -> float:
    """Return the geometric mean of the tasks' multiples, rounded to a power of two."""
    if not multiples:
        return 1.0
    return 2.0 ** round(statistics.fmean(map(math.log2, multiples)))


def travel(
    measure: Callable[[tuple[Multiples, ...]], Measurement],
    step_sizes: Sequence[float],
    num_tasks: int,
) -> Measurement:
    """Measure a program with grids whose centres are its own best multiples, until they stay.

    Args:
        measure: from multiples for each task to the measurement at the best of them.
        step_sizes: relative to the centres, powers of two.
        num_tasks: tasks of the run.

    Returns:
        The last measurement, or the first failure.
    """
    centers = (1.0,) * num_tasks
    measurement = measure(grids(centers, step_sizes))
    for _ in range(MAX_ROUNDS - 1):
        if measurement.status is not Status.OK or measurement.multiples == centers:
            break
        centers = measurement.multiples
        measurement = measure(grids(centers, step_sizes))
    return measurement
