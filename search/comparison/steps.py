"""Steps of compared optimizers to the final score of the reference.

They are read off the validation curves of the final trainings. With shorter trainings, they are
also interpolated between the final scores of trainings of several lengths. These are the honest
ones. Schedules decay until the end, so a point of a curve is not the result of a shorter training.
"""

import math
from collections.abc import Callable, Sequence
from typing import Any

from lionhunt.search.comparison.result import ComparedTask, Comparison, Tuned
from lionhunt.search.steps_to_target import ScoreCurve, TaskRatios, pair_curves, summarize_ratios

Curves = Callable[[ComparedTask, Tuned], list[ScoreCurve | None]]
"""Returns the curve of each final training; None where one failed."""


def summarize_steps(comparison: Comparison) -> dict[str, Any]:
    """Return the ratios of all optimizers to the reference, as JSON values.

    Returns:
        `by_curve`, one entry an optimizer, and `by_length`, the same or None.
    """
    has_lengths = any(tuned.shorter for tuned in comparison.cells.values())
    return {
        "by_curve": _summarize(comparison, _validation_curves),
        "by_length": _summarize(comparison, _length_curves) if has_lengths else None,
    }


def _summarize(comparison: Comparison, curves: Curves) -> list[dict[str, Any]]:
    return [
        {"optimizer": name}
        | summarize_ratios([_ratios(comparison, name, task, curves) for task in comparison.tasks])
        for name in comparison.optimizers
        if name != comparison.reference
    ]


def _ratios(comparison: Comparison, name: str, task: ComparedTask, curves: Curves) -> TaskRatios:
    own, reference = (
        # Where all of tuning failed, there is no training.
        curves(task, tuned) if tuned.finals else [None] * len(comparison.final_seeds)
        for tuned in (comparison.cells[each, task.name] for each in (name, comparison.reference))
    )
    return pair_curves(task.name, comparison.final_seeds, own, reference, task.higher_is_better)


def _validation_curves(task: ComparedTask, tuned: Tuned) -> list[ScoreCurve | None]:
    """Return the validation metric over the steps of each final training."""
    return [
        None if final is None else _evenly(task.num_steps, final.validation_curve)
        for final in tuned.finals
    ]


def _evenly(num_steps: int, scores: Sequence[float]) -> ScoreCurve:
    return ScoreCurve([num_steps * (i + 1) / len(scores) for i in range(len(scores))], scores)


def _length_curves(task: ComparedTask, tuned: Tuned) -> list[ScoreCurve | None]:
    """Return the final score over the length of the training, for each final seed.

    A shorter training that failed reaches no score.
    """
    steps = [*(each.num_steps for each in tuned.shorter), task.num_steps]
    curves: list[ScoreCurve | None] = []
    for i, final in enumerate(tuned.finals):
        shorter = (each.scores[i] for each in tuned.shorter)
        scores = (math.nan if score is None else score for score in shorter)
        curves.append(None if final is None else ScoreCurve(steps, [*scores, final.score]))
    return curves
