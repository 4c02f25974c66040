"""What came of a comparison, with its statistics, in plain dictionaries: `--json` prints them."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from lionhunt.search.bootstrap import (
    bootstrap_mean,
    paired_difference,
    probability_of_improvement,
    sign,
)
from lionhunt.search.comparison.result import (
    ComparedTask,
    Comparison,
    Final,
    GridTrial,
    Hyperparameters,
    Tuned,
)
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.statistics import CONFIDENCE, Interval

BETTER, WORSE, NO_DIFFERENCE = "better", "worse", "no difference seen"
NOT_COMPARED = "not compared"
"""There is no seed with which both trained."""

CONVENTION = (
    "weight decay is decoupled, and multiplied by the learning rate and its schedule; the learning "
    "rate is the peak of the schedule, which is the same for all"
)


class _Pairs(NamedTuple):
    """An optimizer and the reference on a task, with the seeds with which both trained.

    Attributes:
        task: where.
        mine, theirs: scores by seed, of the optimizer and of the reference.
        num_failures: final seeds with which the optimizer failed.
        num_reference_failures: the same of the reference.
    """

    task: ComparedTask
    mine: dict[int, float]
    theirs: dict[int, float]
    num_failures: int
    num_reference_failures: int

    @property
    def difference(self) -> Interval | None:
        return self._of(paired_difference)

    @property
    def probability(self) -> Interval | None:
        return self._of(probability_of_improvement)

    def _of(self, statistic) -> Interval | None:
        if not self.mine:
            return None
        mine, theirs = list(self.mine.values()), list(self.theirs.values())
        return statistic(mine, theirs, self.task.higher_is_better)

    @property
    def unit(self) -> float:
        """The size of the reference's mean."""
        return abs(fmean(self.theirs.values())) if self.theirs else 0.0

    def relative(self, seed: int) -> float:
        """By how much the optimizer is better with a seed, as a share of the reference's mean."""
        direction = 1 if self.task.higher_is_better else -1
        return direction * (self.mine[seed] - self.theirs[seed]) / self.unit

    @property
    def verdict(self) -> str:
        """Who fails with any final seed is never the better one."""
        if self.difference is None:
            return NOT_COMPARED
        side = sign(self.difference)
        if side > 0 and not self.num_failures:
            return BETTER
        if side < 0 and not self.num_reference_failures:
            return WORSE
        return NO_DIFFERENCE


def summarize_comparison(comparison: Comparison) -> dict[str, Any]:
    """Everything that a comparison found, as JSON values.

    Positive differences mean better than the reference, in the direction of the metric. They are
    paired by seed; seeds with which either failed are left out, and counted. Ends of an interval of
    which nothing is known are None.
    """
    cells = {
        (name, task.name): _pairs(comparison, name, task)
        for name in comparison.optimizers
        for task in comparison.tasks
    }
    compared = [pairs for (name, _), pairs in cells.items() if name != comparison.reference]
    num_compared = sum(bool(pairs.mine) for pairs in compared)
    return {
        "comparison": comparison.name,
        "reference": comparison.reference,
        "optimizers": list(comparison.optimizers),
        "tasks": [task._asdict() for task in comparison.tasks],
        "num_trials": max((len(tuned.trials) for tuned in comparison.cells.values()), default=0),
        "tuning_seeds": list(comparison.tuning_seeds),
        "final_seeds": list(comparison.final_seeds),
        "convention": CONVENTION,
        "confidence": CONFIDENCE,
        "num_comparisons": num_compared,
        "num_expected_by_chance": num_compared * (1 - CONFIDENCE),
        "num_seen": sum(pairs.verdict in (BETTER, WORSE) for pairs in compared),
        "overall": [
            {"optimizer": name} | _overall([cells[name, task.name] for task in comparison.tasks])
            for name in comparison.optimizers
            if name != comparison.reference
        ],
        "cells": [
            {"optimizer": name, "task": task}
            | _describe_tuned(comparison, comparison.cells[name, task])
            | (_NO_PAIRS if name == comparison.reference else _describe_pairs(pairs))
            for (name, task), pairs in cells.items()
        ],
    }


def _pairs(comparison: Comparison, optimizer: str, task: ComparedTask) -> _Pairs:
    mine, theirs = (
        _scores(comparison, comparison.cells[name, task.name])
        for name in (optimizer, comparison.reference)
    )
    both = [seed for seed in mine if seed in theirs]
    num_seeds = len(comparison.final_seeds)
    return _Pairs(
        task,
        {seed: mine[seed] for seed in both},
        {seed: theirs[seed] for seed in both},
        num_seeds - len(mine),
        num_seeds - len(theirs),
    )


def _scores(comparison: Comparison, tuned: Tuned) -> dict[int, float]:
    """Scores of the final trainings that did not fail; none at all if all of tuning failed."""
    finals = zip(comparison.final_seeds, tuned.finals, strict=bool(tuned.finals))
    return {seed: final.score for seed, final in finals if final is not None}


_NO_PAIRS = {
    "difference": None,
    "relative_difference": None,
    "probability_of_improvement": None,
    "verdict": None,
}


def _describe_pairs(pairs: _Pairs) -> dict[str, Any]:
    difference, unit = pairs.difference, pairs.unit
    relative = None
    if difference is not None and unit > 0:
        relative = Interval(*(end / unit for end in difference))
    return {
        "difference": _describe_interval(difference),
        "relative_difference": _describe_interval(relative),
        "probability_of_improvement": _describe_interval(pairs.probability),
        "verdict": pairs.verdict,
    }


def _overall(pairs: Sequence[_Pairs]) -> dict[str, Any]:
    """Over all tasks.

    The mean relative difference weighs tasks equally; its interval is over seeds, with these tasks.
    Tasks without a pair are left out of it, and seeds with which a training on another one failed.
    """
    verdicts = [each.verdict for each in pairs]
    rated = [each for each in pairs if each.unit > 0]
    seeds = set[int].intersection(*(set(each.mine) for each in rated)) if rated else set[int]()
    means = [fmean(each.relative(seed) for each in rated) for seed in sorted(seeds)]
    return {
        "wins": verdicts.count(BETTER),
        "losses": verdicts.count(WORSE),
        "ties": verdicts.count(NO_DIFFERENCE),
        "not_compared": verdicts.count(NOT_COMPARED),
        "num_failures": sum(each.num_failures for each in pairs),
        "relative_difference": _describe_interval(bootstrap_mean(means) if means else None),
        "num_tasks": len(rated),
        "num_seeds": len(seeds),
    }


def _describe_tuned(comparison: Comparison, tuned: Tuned) -> dict[str, Any]:
    finished = [final for final in tuned.finals if final is not None]
    num_seeds = len(comparison.final_seeds)
    finals = tuned.finals or (None,) * num_seeds
    return {
        "best": None if tuned.best is None else _describe_point(tuned.best),
        "at_edge": list(tuned.at_edge),
        "num_trials": len(tuned.trials),
        "num_failed_trials": sum(trial.status is not Status.OK for trial in tuned.trials),
        "num_failures": num_seeds - len(finished),
        "score": _describe_mean(final.score for final in finished),
        "training_loss": _describe_mean(final.training_loss for final in finished),
        "finals": [
            {"seed": seed} | _describe_final(final)
            for seed, final in zip(comparison.final_seeds, finals, strict=True)
        ],
        "trials": [_describe_trial(trial) for trial in tuned.trials],
        "spread": [_describe_trial(trial) for trial in tuned.spread],
    }


def _describe_point(point: Hyperparameters) -> dict[str, float]:
    return point._asdict()


def _describe_trial(trial: GridTrial) -> dict[str, Any]:
    return _describe_point(trial.point) | {
        "scores": list(trial.scores),
        "reason": trial.status.value,
    }


def _describe_final(final: Final | None) -> dict[str, Any]:
    """Its fields; None for each if training failed."""
    if final is None:
        return dict.fromkeys(Final._fields)
    values = final._asdict()
    return {
        key: list(map(known, value)) if isinstance(value, tuple) else value
        for key, value in values.items()
    }


def _describe_mean(values: Iterable[float]) -> dict[str, float | None] | None:
    found = list(values)
    return _describe_interval(bootstrap_mean(found)) if found else None


def _describe_interval(found: Interval | None) -> dict[str, float | None] | None:
    if found is None:
        return None
    return {key: known(value) for key, value in found._asdict().items()}


def known(value: float) -> float | None:
    """JSON has no infinity."""
    return value if math.isfinite(value) else None
