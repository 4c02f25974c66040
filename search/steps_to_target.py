"""Steps to a target: the steps that an optimizer needs for a score, over those of a reference.

The target is the worse of the two final scores, so both optimizers reach it. An optimizer that ends
at least as well as the reference is timed at the reference's final score. Any other one has not
reached that score, and the two are timed at its own final score. So the ratio is above 1 there.

Swapping the optimizers turns the ratio round. So luck moves its logarithm up as often as down, and
two equal optimizers have 1 as the geometric mean.
"""

import math
from collections.abc import Mapping, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from lionhunt.search.statistics import Interval, geometric_mean

FEWER, MORE = "fewer", "more"
"""Verdicts: the whole interval of the ratio is below 1, or above 1."""


class ScoreCurve(NamedTuple):
    """Scores over steps: of one training, or of trainings of several lengths.

    Attributes:
        steps: numbers of steps, growing, above 0.
        scores: the score after each; the last one is finite.
    """

    steps: Sequence[float]
    scores: Sequence[float]


class StepsRatio(NamedTuple):
    """The steps of an optimizer over those of a reference, with one seed.

    Attributes:
        ratio: below 1 if the optimizer needs fewer steps.
        is_reached: the optimizer reaches the final score of the reference.
        is_bound: one of the two reached the target by the first point of its curve. The first
            point counts, so the true ratio is at least as far from 1.
    """

    ratio: float
    is_reached: bool
    is_bound: bool


def steps_to(curve: ScoreCurve, target: float, higher_is_better: bool) -> float | None:
    """Return the steps at which a curve first reaches a score, linear between its points.

    Returns:
        The steps of the first point if that reaches the target; None if no point does.

    Example:
        >>> steps_to(ScoreCurve((10, 20), (3.0, 2.0)), 2.25, higher_is_better=False)
        17.5
    """
    before = None
    for step, score in zip(*curve, strict=True):
        if score >= target if higher_is_better else score <= target:
            if before is None or not math.isfinite(before[1]) or not math.isfinite(score):
                return float(step)
            share = (target - before[1]) / (score - before[1])
            return float(before[0] + share * (step - before[0]))
        before = step, score
    return None


def steps_ratio(curve: ScoreCurve, reference: ScoreCurve, higher_is_better: bool) -> StepsRatio:
    """Return the steps of an optimizer over those of the reference, to the worse final score.

    Example:
        >>> slow, fast = ScoreCurve((5, 10), (3.0, 2.0)), ScoreCurve((5, 10), (2.5, 1.5))
        >>> steps_ratio(fast, slow, higher_is_better=False)
        StepsRatio(ratio=0.75, is_reached=True, is_bound=False)
    """
    finals = curve.scores[-1], reference.scores[-1]
    target = min(finals) if higher_is_better else max(finals)
    own, other = (steps_to(each, target, higher_is_better) for each in (curve, reference))
    # The last point of each curve reaches the worse of the last points.
    assert own is not None and other is not None
    is_bound = own == curve.steps[0] or other == reference.steps[0]
    return StepsRatio(own / other, target == finals[1], is_bound)


class TaskRatios(NamedTuple):
    """The ratios of an optimizer on one task.

    Attributes:
        task: name of the task.
        by_seed: ratios of the seeds with which both optimizers trained.
        num_failures, num_reference_failures: seeds with which each of the two failed.
    """

    task: str
    by_seed: Mapping[int, StepsRatio]
    num_failures: int = 0
    num_reference_failures: int = 0

    @property
    def mean(self) -> Interval | None:
        """Return the geometric mean over seeds; None without a seed."""
        ratios = [each.ratio for each in self.by_seed.values()]
        return geometric_mean(ratios) if ratios else None

    @property
    def verdict(self) -> str | None:
        """Return the verdict; a failed seed never counts for an optimizer."""
        if self.mean is not None:
            if self.mean.high < 1 and not self.num_failures:
                return FEWER
            if self.mean.low > 1 and not self.num_reference_failures:
                return MORE
        return None


def pair_curves(
    task: str,
    seeds: Sequence[int],
    curves: Sequence[ScoreCurve | None],
    reference: Sequence[ScoreCurve | None],
    higher_is_better: bool,
) -> TaskRatios:
    """Return the ratios of an optimizer to the reference, seed by seed.

    Args:
        task: name of the task.
        seeds: seeds of the trainings.
        curves, reference: curves of the two, one a seed; None where training failed.
        higher_is_better: the direction of the scores.
    """
    return TaskRatios(
        task,
        {
            seed: steps_ratio(own, other, higher_is_better)
            for seed, own, other in zip(seeds, curves, reference, strict=True)
            if own is not None and other is not None
        },
        curves.count(None),
        reference.count(None),
    )


def summarize_ratios(tasks: Sequence[TaskRatios]) -> dict[str, Any]:
    """Summarize the ratios of an optimizer, as JSON values.

    The overall ratio is the geometric mean over tasks, which weigh equally; its interval is over
    seeds, with these tasks. It leaves out tasks without a ratio, and seeds with which a training on
    another task failed. Both are counted.
    """
    compared = [task for task in tasks if task.by_seed]
    seeds = set[int].intersection(*(set(t.by_seed) for t in compared)) if compared else set[int]()
    means = [
        math.exp(fmean(math.log(task.by_seed[seed].ratio) for task in compared))
        for seed in sorted(seeds)
    ]
    return {
        "ratio": _summarize(geometric_mean(means) if means else None),
        "num_tasks": len(compared),
        "num_seeds": len(seeds),
        "tasks": [
            {
                "task": task.task,
                "ratio": _summarize(task.mean),
                "verdict": task.verdict,
                "num_seeds": len(task.by_seed),
                "num_not_reached": sum(not each.is_reached for each in task.by_seed.values()),
                "num_bounds": sum(each.is_bound for each in task.by_seed.values()),
                "num_failures": task.num_failures,
                "num_reference_failures": task.num_reference_failures,
            }
            for task in tasks
        ],
    }


def _summarize(mean: Interval | None) -> dict[str, float | None] | None:
    """Return an interval as a dictionary; an infinite end is None."""
    if mean is None:
        return None
    is_known = math.isfinite(mean.high)
    return {
        "mean": mean.mean,
        "low": mean.low if is_known else None,
        "high": mean.high if is_known else None,
    }
