"""What is done with one optimizer on one task: it is tuned, and trained with fresh seeds."""

import dataclasses
import statistics
from collections.abc import Generator, Sequence
from typing import NamedTuple

from lionhunt.search.comparison.config import ComparisonConfig
from lionhunt.search.comparison.result import GridTrial, Hyperparameters, Tuned, to_final
from lionhunt.search.comparison.tuning_grid import Grid, Place, best_place, edges
from lionhunt.search.evaluation.outcome import Measurement, Status

FINAL_SEEDS = 1_000_000
"""Final seeds begin so much after the tuning seeds."""


class TrainingRequest(NamedTuple):
    """A training that a cell asks for."""

    point: Hyperparameters
    seed: int
    in_detail: bool = False


Study = Generator[list[TrainingRequest], list[Measurement], Tuned]
"""Asks for trainings, a list at a time, and is told what came of them."""


@dataclasses.dataclass(frozen=True)
class Seeds:
    """What trainings begin with; no seed is in both."""

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
    config: ComparisonConfig, start: Hyperparameters, higher_is_better: bool
) -> Study:
    """One optimizer on one task: tunes it, and trains it with the final seeds."""
    seeds = Seeds.of(config)
    tuning = config.tuning
    grid = Grid(start, tuning.learning_rate_factor, tuning.weight_decay_factor)
    tried: dict[Place, float] = {}
    trials: list[GridTrial] = []
    while places := grid.next_places(tried, tuning.num_trials):
        new = yield from _try([grid.point(place) for place in places], seeds.tuning)
        trials += new
        values = (_value(trial, higher_is_better) for trial in new)
        tried |= zip(places, values, strict=True)
    best = best_place(tried)
    if best is None:
        return Tuned(tuple(trials), None, (), ())
    point = grid.point(best)
    finals = yield [TrainingRequest(point, seed, in_detail=True) for seed in seeds.final]
    spread: list[GridTrial] = []
    if config.spread:
        around = _around(point, config.spread.num_points, config.spread.factor)
        spread = yield from _try(around, seeds.final[: config.spread.num_seeds])
    return Tuned(
        tuple(trials), point, edges(best, tried), tuple(map(to_final, finals)), tuple(spread)
    )


def _try(
    points: Sequence[Hyperparameters], seeds: Sequence[int]
) -> Generator[list[TrainingRequest], list[Measurement], list[GridTrial]]:
    """Trains at points, with each seed at each."""
    found = iter((yield [TrainingRequest(point, seed) for point in points for seed in seeds]))
    return [_to_trial(point, [next(found) for _ in seeds]) for point in points]


def _to_trial(point: Hyperparameters, measurements: Sequence[Measurement]) -> GridTrial:
    for measurement in measurements:
        if measurement.status is not Status.OK:
            return GridTrial(point, (), measurement.status)
    return GridTrial(point, tuple(m.scores[0] for m in measurements), Status.OK)


def _value(trial: GridTrial, higher_is_better: bool) -> float:
    """Higher is better; minus infinity where training failed."""
    if not trial.scores:
        return float("-inf")
    mean = statistics.fmean(trial.scores)
    return mean if higher_is_better else -mean


def _around(center: Hyperparameters, num_points: int, factor: float) -> list[Hyperparameters]:
    """A square grid, learning rates from low to high, and weight decays within each."""
    powers = [factor ** (i - (num_points - 1) / 2) for i in range(num_points)]
    return [
        Hyperparameters(center.learning_rate * of_rate, center.weight_decay * of_decay)
        for of_rate in powers
        for of_decay in powers
    ]


def num_trainings(config: ComparisonConfig) -> int:
    """Trainings of one optimizer on one task, at most."""
    spread = config.spread
    return (
        config.tuning.num_trials * config.tuning.num_seeds
        + config.num_final_seeds
        + (spread.num_points**2 * spread.num_seeds if spread else 0)
    )
