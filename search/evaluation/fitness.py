"""From the scores of tasks to one fitness: the only place where a loss changes its sign."""

import statistics
from collections.abc import Sequence

from lionhunt.search.evaluation.outcome import Measurement, Outcome, Status

COMBINATIONS = {"mean": statistics.fmean, "min": min}
"""How the fitness on several tasks becomes one: their mean, or the worst of them."""


def task_fitness(score: float, initial: float, higher_is_better: bool) -> float:
    """How much better a score is than the initial program's, as a share of that; 0 if the same."""
    gain = score - initial if higher_is_better else initial - score
    return gain / (abs(initial) or 1.0)


def to_outcome(
    measurement: Measurement,
    initial: Measurement,
    directions: Sequence[bool],
    combination: str,
    weights: Sequence[float] | None = None,
) -> Outcome:
    """Gives a measurement its fitness.

    Args:
        measurement: of a candidate.
        initial: of the initial program, which has fitness 0 by this.
        directions: for each task, whether higher scores are better.
        combination: a name in `COMBINATIONS`.
        weights: of the tasks in the mean; None if they are the same.
    """
    if measurement.status is not Status.OK:
        return Outcome(measurement, None)
    by_task = list(map(task_fitness, measurement.scores, initial.scores, directions))
    if weights is not None:
        return Outcome(measurement, statistics.fmean(by_task, weights))
    return Outcome(measurement, COMBINATIONS[combination](by_task))
