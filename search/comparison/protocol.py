"""The protocol of one optimizer on one task: tuning, then trainings with fresh seeds."""

import dataclasses
import math
import statistics
from collections.abc import Generator, Sequence
from typing import NamedTuple

from lionhunt.search.comparison.config import ComparisonConfig
from lionhunt.search.comparison.result import GridTrial, ShorterTrainings, Tuned, to_final
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.seed_scores import gather_scores
from lionhunt.search.tuning_grid import Grid, Hyperparameters, Place, best_place, edges

FINAL_SEEDS = 1_000_000
"""Distance from the first tuning seed to the first final seed."""


class TrainingRequest(NamedTuple):
    """A training that the protocol needs next; without `num_steps`, it has the task's own."""

    point: Hyperparameters
    seed: int
    in_detail: bool = False
    num_steps: int | None = None


Protocol = Generator[list[TrainingRequest], list[Measurement], Tuned]
"""Yields lists of requests, receives their measurements, and returns the result."""


@dataclasses.dataclass(frozen=True)
class Seeds:
    """Seeds of tuning trials and of final trainings; no seed is in both."""

    tuning: tuple[int, ...]
    final: tuple[int, ...]

    @classmethod
    def of(cls, config: ComparisonConfig) -> "Seeds":
        final = config.seed + FINAL_SEEDS
        return cls(
            tuple(range(config.seed, config.seed + config.tuning.num_seeds)),
            tuple(range(final, final + config.num_final_seeds)),
        )


def tune_and_train(
    config: ComparisonConfig,
    start: Hyperparameters,
    higher_is_better: bool,
    shorter: Sequence[int] = (),
) -> Protocol:
    """Tune one optimizer on one task, and train the best point with the final seeds.

    Args:
        config: budgets and seeds.
        start: the point at which tuning begins.
        higher_is_better: the direction of the score.
        shorter: lengths of the shorter trainings of the best point, in steps.
    """
    seeds = Seeds.of(config)
    tuning = config.tuning
    grid = Grid(start, tuning.learning_rate_factor, tuning.weight_decay_factor)
    tried: dict[Place, float] = {}
    trials: list[GridTrial] = []
    while places := grid.next_places(tried, tuning.num_trials):
        new = yield from _try([grid.point(place) for place in places], seeds.tuning)
        trials += new
        tried |= zip(places, (_value(trial, higher_is_better) for trial in new), strict=True)
    best = best_place(tried)
    if best is None:
        return Tuned(tuple(trials), None, (), ())
    point = grid.point(best)
    finals = yield [TrainingRequest(point, seed, in_detail=True) for seed in seeds.final]
    lengths = yield from _train_shorter(point, seeds.final, shorter)
    around: list[GridTrial] = []
    if config.spread:
        points = _square(point, config.spread.num_points, config.spread.factor)
        around = yield from _try(points, seeds.final[: config.spread.num_seeds])
    return Tuned(
        tuple(trials),
        point,
        edges(best, tried),
        tuple(map(to_final, finals)),
        tuple(around),
        lengths,
    )


def _train_shorter(
    point: Hyperparameters, seeds: Sequence[int], lengths: Sequence[int]
) -> Generator[list[TrainingRequest], list[Measurement], tuple[ShorterTrainings, ...]]:
    """Train a point with each length and each seed."""
    if not lengths:
        return ()
    measured = iter(
        (yield [TrainingRequest(point, seed, num_steps=n) for n in lengths for seed in seeds])
    )
    return tuple(
        ShorterTrainings(num_steps, tuple(_score(next(measured)) for _ in seeds))
        for num_steps in lengths
    )


def _score(measurement: Measurement) -> float | None:
    """Return the score of a training that is not detailed; None if it failed."""
    return measurement.scores[0] if measurement.scores else None


def _try(
    points: Sequence[Hyperparameters], seeds: Sequence[int]
) -> Generator[list[TrainingRequest], list[Measurement], list[GridTrial]]:
    """Train at each point with each seed."""
    measured = iter((yield [TrainingRequest(point, seed) for point in points for seed in seeds]))
    return [_to_trial(point, [next(measured) for _ in seeds]) for point in points]


def _to_trial(point: Hyperparameters, measurements: Sequence[Measurement]) -> GridTrial:
    return GridTrial(point, *gather_scores((each.status, _score(each)) for each in measurements))


def _value(trial: GridTrial, higher_is_better: bool) -> float:
    """Return the mean score, turned so that higher is better; minus infinity for a failure."""
    if not trial.scores:
        return -math.inf
    mean = statistics.fmean(trial.scores)
    return mean if higher_is_better else -mean


def _square(center: Hyperparameters, num_points: int, factor: float) -> list[Hyperparameters]:
    """Return a square grid: learning rates from low to high, and weight decays within each.

    Without weight decay, it is a line.
    """
    powers = [factor ** (i - (num_points - 1) / 2) for i in range(num_points)]
    square = (
        Hyperparameters(center.learning_rate * of_rate, center.weight_decay * of_decay)
        for of_rate in powers
        for of_decay in powers
    )
    return list(dict.fromkeys(square))


def num_trainings(config: ComparisonConfig) -> int:
    """Return the largest number of trainings of one optimizer on one task."""
    grid = config.spread
    return (
        config.tuning.num_trials * config.tuning.num_seeds
        + config.num_final_seeds * (1 + len(config.horizons))
        + (grid.num_points**2 * grid.num_seeds if grid else 0)
    )
