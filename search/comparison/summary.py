"""Summary of a comparison with its statistics, as plain dictionaries: `--json` prints them."""

import math
from collections.abc import Callable, Iterable, Sequence
from statistics import fmean
from typing import Any, NamedTuple

from lionhunt.search.comparison.result import ComparedTask, Comparison, Final, GridTrial, Tuned
from lionhunt.search.comparison.steps import summarize_steps
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.statistics import (
    CONFIDENCE,
    Interval,
    interval,
    paired_difference,
    probability_of_improvement,
    sign,
)

BETTER, WORSE, NO_DIFFERENCE = "better", "worse", "no difference seen"
NOT_COMPARED = "not compared"
"""There is no seed with which both trained."""

CONVENTION = (
    "weight decay is decoupled, and multiplied by the learning rate and its schedule; the learning "
    "rate is the peak of the schedule, which is the same for all"
)


class SeedPairs(NamedTuple):
    """An optimizer and the reference on a task, with the seeds with which both trained.

    Attributes:
        task: the task.
        scores: scores of the optimizer by seed.
        reference_scores: scores of the reference by seed.
        num_failures: final seeds with which the optimizer failed.
        num_reference_failures: final seeds with which the reference failed.
    """

    task: ComparedTask
    scores: dict[int, float]
    reference_scores: dict[int, float]
    num_failures: int
    num_reference_failures: int

    @property
    def difference(self) -> Interval | None:
        return self._statistic(paired_difference)

    @property
    def relative_difference(self) -> Interval | None:
        """Return the difference as a share of the reference's mean; None if that is 0."""
        if self.difference is None or not self.unit:
            return None
        return Interval(*(end / self.unit for end in self.difference))

    @property
    def probability(self) -> Interval | None:
        return self._statistic(probability_of_improvement)

    def _statistic(self, statistic: Callable[..., Interval]) -> Interval | None:
        if not self.scores:
            return None
        scores, reference_scores = list(self.scores.values()), list(self.reference_scores.values())
        return statistic(scores, reference_scores, self.task.higher_is_better)

    @property
    def unit(self) -> float:
        """Return the size of the reference's mean."""
        return abs(fmean(self.reference_scores.values())) if self.reference_scores else 0.0

    def relative(self, seed: int) -> float:
        """Return the advantage of the optimizer with a seed, as a share of the reference's mean."""
        direction = 1 if self.task.higher_is_better else -1
        return direction * (self.scores[seed] - self.reference_scores[seed]) / self.unit

    @property
    def verdict(self) -> str:
        """Return the verdict; an optimizer with a failed seed is never rated better."""
        if self.difference is None:
            return NOT_COMPARED
        side = sign(self.difference)
        if side > 0 and not self.num_failures:
            return BETTER
        if side < 0 and not self.num_reference_failures:
            return WORSE
        return NO_DIFFERENCE


def summarize_comparison(comparison: Comparison) -> dict[str, Any]:
    """Return all results of a comparison, as JSON values.

    Positive differences mean better than the reference, in the direction of the metric. They are
    paired by seed. Seeds with which either failed are left out, and counted. Infinite ends of an
    interval are None.
    """
    cells = {
        (name, task.name): pair_with_reference(comparison, name, task)
        for name in comparison.optimizers
        for task in comparison.tasks
    }
    others = [name for name in comparison.optimizers if name != comparison.reference]
    compared = [cells[name, task.name] for name in others for task in comparison.tasks]
    num_compared = sum(bool(pairs.scores) for pairs in compared)
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
            {"optimizer": name}
            | _summarize_overall([cells[name, task.name] for task in comparison.tasks])
            for name in others
        ],
        "steps_to_target": summarize_steps(comparison),
        "cells": [
            {"optimizer": name, "task": task}
            | _summarize_tuned(comparison, comparison.cells[name, task])
            | (_NO_PAIRS if name == comparison.reference else _summarize_pairs(pairs))
            for (name, task), pairs in cells.items()
        ],
    }


def pair_with_reference(comparison: Comparison, optimizer: str, task: ComparedTask) -> SeedPairs:
    """Pair the final scores of an optimizer with those of the reference, by seed."""
    scores, reference_scores = (
        _final_scores(comparison, comparison.cells[name, task.name])
        for name in (optimizer, comparison.reference)
    )
    both = [seed for seed in scores if seed in reference_scores]
    num_seeds = len(comparison.final_seeds)
    return SeedPairs(
        task,
        {seed: scores[seed] for seed in both},
        {seed: reference_scores[seed] for seed in both},
        num_seeds - len(scores),
        num_seeds - len(reference_scores),
    )


def _final_scores(comparison: Comparison, tuned: Tuned) -> dict[int, float]:
    """Return the scores of the successful final trainings; none if all of tuning failed."""
    finals = zip(comparison.final_seeds, tuned.finals, strict=bool(tuned.finals))
    return {seed: final.score for seed, final in finals if final is not None}


_NO_PAIRS = {
    "difference": None,
    "relative_difference": None,
    "probability_of_improvement": None,
    "verdict": None,
}


def _summarize_pairs(pairs: SeedPairs) -> dict[str, Any]:
    return {
        "difference": _summarize_interval(pairs.difference),
        "relative_difference": _summarize_interval(pairs.relative_difference),
        "probability_of_improvement": _summarize_interval(pairs.probability),
        "verdict": pairs.verdict,
    }


def _summarize_overall(pairs: Sequence[SeedPairs]) -> dict[str, Any]:
    """Summarize an optimizer over all tasks.

    The mean relative difference weighs tasks equally; its interval is over seeds, with these tasks.
    It leaves out tasks without a pair, and seeds with which a training on another task failed.
    """
    verdicts = [on_task.verdict for on_task in pairs]
    rated = [on_task for on_task in pairs if on_task.unit > 0]
    seeds = set[int].intersection(*(set(p.scores) for p in rated)) if rated else set[int]()
    return {
        "wins": verdicts.count(BETTER),
        "losses": verdicts.count(WORSE),
        "ties": verdicts.count(NO_DIFFERENCE),
        "not_compared": verdicts.count(NOT_COMPARED),
        "num_failures": sum(on_task.num_failures for on_task in pairs),
        "relative_difference": _summarize_mean(
            fmean(on_task.relative(seed) for on_task in rated) for seed in sorted(seeds)
        ),
        "num_tasks": len(rated),
        "num_seeds": len(seeds),
    }


def _summarize_tuned(comparison: Comparison, tuned: Tuned) -> dict[str, Any]:
    finished = [final for final in tuned.finals if final is not None]
    num_seeds = len(comparison.final_seeds)
    finals = tuned.finals or (None,) * num_seeds
    return {
        "best": None if tuned.best is None else tuned.best._asdict(),
        "at_edge": list(tuned.at_edge),
        "num_trials": len(tuned.trials),
        "num_failed_trials": sum(trial.status is not Status.OK for trial in tuned.trials),
        "num_failures": num_seeds - len(finished),
        "score": _summarize_mean(final.score for final in finished),
        "training_loss": _summarize_mean(final.training_loss for final in finished),
        "finals": [
            {"seed": seed} | _summarize_final(final)
            for seed, final in zip(comparison.final_seeds, finals, strict=True)
        ],
        "trials": [_summarize_trial(trial) for trial in tuned.trials],
        "spread": [_summarize_trial(trial) for trial in tuned.sensitivity_grid],
        "shorter": [
            {"num_steps": each.num_steps, "scores": list(each.scores)} for each in tuned.shorter
        ],
    }


def _summarize_trial(trial: GridTrial) -> dict[str, Any]:
    return trial.point._asdict() | {"scores": list(trial.scores), "reason": trial.status.value}


def _summarize_final(final: Final | None) -> dict[str, Any]:
    """Return its fields; None for each if training failed."""
    if final is None:
        return dict.fromkeys(Final._fields)
    return {
        key: list(map(known, value)) if isinstance(value, tuple) else value
        for key, value in final._asdict().items()
    }


def _summarize_mean(values: Iterable[float]) -> dict[str, float | None] | None:
    scores = list(values)
    return _summarize_interval(interval(scores)) if scores else None


def _summarize_interval(interval: Interval | None) -> dict[str, float | None] | None:
    if interval is None:
        return None
    return {key: known(value) for key, value in interval._asdict().items()}


def known(value: float) -> float | None:
    """Return the value, or None if it is not finite: JSON has no infinity."""
    return value if math.isfinite(value) else None
