"""Results of a comparison: plain values, before any statistics."""

import dataclasses
from collections.abc import Mapping
from typing import NamedTuple

from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.tuning_grid import Hyperparameters

ABSOLUTE_NOISES = (0.01, 0.03, 0.1)
"""Standard deviations of the noise added to weights."""
RELATIVE_NOISES = (0.1, 0.3, 1.0)
"""Standard deviations as multiples of the root mean square of each array of weights."""


class GridTrial(NamedTuple):
    """A point of the grid, with its scores.

    Attributes:
        point: the tuned values.
        scores: the validation metric, one a seed; empty if training failed with a seed.
        status: status of the first failure, else OK.
    """

    point: Hyperparameters
    scores: tuple[float, ...]
    status: Status


class Final(NamedTuple):
    """One training at the best point, with a seed that tuning never used.

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


class ShorterTrainings(NamedTuple):
    """Trainings of the best point in fewer steps, each with its whole schedule.

    Attributes:
        num_steps: their length.
        scores: the validation metric at the end, one for each final seed; None where training
            failed.
    """

    num_steps: int
    scores: tuple[float | None, ...]


class Tuned(NamedTuple):
    """An optimizer on a task.

    Attributes:
        trials: tuning trials in order; every optimizer has the same number.
        best: the point with the best mean score; None if all failed.
        at_edge: the coordinates ("learning_rate", "weight_decay") in which the best point is at
            an edge of the tried points when the budget ends.
        finals: one for each final seed, None where training failed; empty if `best` is None.
        sensitivity_grid: a small square grid around the best point, with final seeds. Learning
            rates go from low to high, and weight decays within each; empty by default.
        shorter: shorter trainings of the best point, the shortest first; empty by default.
    """

    trials: tuple[GridTrial, ...]
    best: Hyperparameters | None
    at_edge: tuple[str, ...]
    finals: tuple[Final | None, ...]
    sensitivity_grid: tuple[GridTrial, ...] = ()
    shorter: tuple[ShorterTrainings, ...] = ()


class ComparedTask(NamedTuple):
    """A task of a comparison.

    Attributes:
        name: unique in the comparison.
        kind: its family.
        metric: the validation metric, with its unit.
        higher_is_better: the direction of the score.
        digest: digest of options and data.
        num_steps: training steps.
        batch_size: examples a step.
        num_parameters: parameters of the model.
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
    """All optimizers on all tasks.

    Attributes:
        name: name of the comparison.
        reference: name of the optimizer that all others are compared with.
        optimizers: their names, in order.
        tasks: in order.
        tuning_seeds, final_seeds: seeds of tuning trials and of final trainings.
        cells: results by (optimizer, task).
    """

    name: str
    reference: str
    optimizers: tuple[str, ...]
    tasks: tuple[ComparedTask, ...]
    tuning_seeds: tuple[int, ...]
    final_seeds: tuple[int, ...]
    cells: Mapping[tuple[str, str], Tuned]


def printed_factor(metric: str) -> float:
    """Return the factor of printed scores: accuracies are printed in per cent."""
    return 100.0 if "accuracy" in metric else 1.0


def to_final(measurement: Measurement) -> Final | None:
    """Name the numbers of a detailed measurement of `search.comparison.trainer`.

    Returns:
        None if training failed.
    """
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
