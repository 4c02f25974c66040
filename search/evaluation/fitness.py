"""The fitness of the scores of several tasks: the only place where a loss changes its sign."""

import statistics
from collections.abc import Sequence

from lionhunt.search.evaluation.outcome import Measurement, Outcome, Status

COMBINATIONS = {"mean": statistics.fmean, "min": min}
"""Functions that combine the fitness on several tasks: the mean, or the worst task."""


def task_fitness(score: float, initial: float, higher_is_better: bool) -> float:
    """Return the gain over the initial program's score, as a share of that score."""
    gain = score - initial if higher_is_better else initial - score
    return gain / (abs(initial) or 1.0)


def gains(
    measurement: Measurement,
    initial: Measurement,
    directions: Sequence[bool],
    units: Sequence[float] | None = None,
) -> list[float]:
    """Return the gain on each task; the arguments are those of `to_outcome`."""
    by_task = list(map(task_fitness, measurement.scores, initial.scores, directions))
    if units is not None:
        by_task = [gain / unit for gain, unit in zip(by_task, units, strict=True)]
    return by_task


def to_outcome(
    measurement: Measurement,
    initial: Measurement,
    directions: Sequence[bool],
    combination: str,
    weights: Sequence[float] | None = None,
    units: Sequence[float] | None = None,
) -> Outcome:
    """Return the outcome of a measurement.

    Args:
        measurement: of a candidate.
        initial: of the initial program, which therefore has fitness 0.
        directions: for each task, whether higher scores are better.
        combination: a name in `COMBINATIONS`.
        weights: of the tasks in the mean; None for equal weights.
        units: for each task, the relative gain that has fitness 1; None for a gain of 100 %.
    """
    if measurement.status is not Status.OK:
        return Outcome(measurement, None)
    by_task = gains(measurement, initial, directions, units)
    if weights is not None:
        return Outcome(measurement, statistics.fmean(by_task, weights))
    return Outcome(measurement, COMBINATIONS[combination](by_task))
