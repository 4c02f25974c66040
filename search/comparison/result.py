"""What came of a comparison: plain values, before any statistics."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from lionhunt.search.evaluation.outcome import Measurement, Status

ABSOLUTE_NOISES = (0.01, 0.03, 0.1)
"""Standard deviations of the noise that is added to weights."""
RELATIVE_NOISES = (0.1, 0.3, 1.0)
"""The same as multiples of the root mean square of each array of weights."""


class Hyperparameters(NamedTuple):
    """What is tuned.

    Attributes:
        learning_rate: the peak of the schedule.
        weight_decay: decoupled; multiplied by the learning rate.
    """

    learning_rate: float
    weight_decay: float


class GridTrial(NamedTuple):
    """A point of the grid, and what it shows with the tuning seeds.

    Attributes:
        point: where.
        scores: the validation metric with each seed; empty if training failed with one.
        reason: of the first failure, else OK.
    """

    point: Hyperparameters
    scores: tuple[float, ...]
    status: Status


class Final(NamedTuple):
    """One training at the best point, with a seed that tuning never saw.

    Attributes:
        score: the validation metric at the end.
        training_loss: mean loss on training examples at the end, without noise.
        absolute_noise, relative_noise: the same loss under noise on the weights, for each of
            `ABSOLUTE_NOISES` and `RELATIVE_NOISES`.
        training_curve: mean training loss of each tenth of the steps.
        validation_curve: the validation metric after each tenth.
    """

    score: float
    training_loss: float
    absolute_noise: tuple[float, ...]
    relative_noise: tuple[float, ...]
    training_curve: tuple[float, ...]
    validation_curve: tuple[float, ...]


class Tuned(NamedTuple):
    """An optimizer on a task.

    Attributes:
        trials: in order; every optimizer has as many.
        best: the point with the best mean score; None if all failed.
        at_edge: the coordinates ("learning_rate", "weight_decay") in which the budget ended with
            the best point still at an edge of what was tried.
        finals: one for each final seed, None where training failed; empty if `best` is None.
        spread: a small square grid around the best point, learning rates from low to high and for
            each of them weight decays from low to high, with final seeds; empty if not asked for.
    """

    trials: tuple[GridTrial, ...]
    best: Hyperparameters | None
    at_edge: tuple[str, ...]
    finals: tuple[Final | None, ...]
    spread: tuple[GridTrial, ...] = ()


class ComparedTask(NamedTuple):
    """A task of a comparison.

    Attributes:
        name: tells it from the others of the comparison.
        kind: of its family.
        metric: what its score is, with its unit.
        higher_is_better: the direction of the score.
        digest: of options and data.
        num_steps: training steps.
        batch_size: examples a step.
        num_parameters: of the model.
    """

    name: str
    kind: str
    metric: str
    higher_is_better: bool
    digest: str
    num_steps: int
    batch_size: int
    num_parameters: int


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What came of a comparison.

    Attributes:
        name: of the comparison.
        reference: the name of the optimizer that the others are held against.
        optimizers: their names, in order.
        tasks: in order.
        tuning_seeds, final_seeds: what trainings began with.
        cells: by (optimizer, task).
    """

    name: str
    reference: str
    optimizers: tuple[str, ...]
    tasks: tuple[ComparedTask, ...]
    tuning_seeds: tuple[int, ...]
    final_seeds: tuple[int, ...]
    cells: Mapping[tuple[str, str], Tuned]


def to_final(measurement: Measurement) -> Final | None:
    """A measurement of `search.comparison.trainer` in detail; None if training failed."""
    if measurement.status is not Status.OK:
        return None
    score, training_loss, *losses = measurement.scores
    num_absolute = len(ABSOLUTE_NOISES)
    training_curve, validation_curve = measurement.curves
    return Final(
        score,
        training_loss,
        tuple(losses[:num_absolute]),
        tuple(losses[num_absolute:]),
        training_curve,
        validation_curve,
    )
