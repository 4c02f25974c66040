"""Comparisons made by hand, for figures and reports."""

from collections.abc import Mapping, Sequence

from lionhunt.search.comparison.result import (
    ComparedTask,
    Comparison,
    Final,
    GridTrial,
    Hyperparameters,
    Tuned,
)
from lionhunt.search.evaluation.outcome import Status

ACCURACY = ComparedTask("images", "digits_vit", "accuracy", True, "d", 100, 8, 1_000)
LOSS = ComparedTask("text", "stdlib_lm", "loss (nats a character)", False, "e", 50, 4, 2_000)


def final(score: float, training_curve: Sequence[float] = (2.0, 1.0)) -> Final:
    """Return a training whose validation curve rises or falls evenly to its score."""
    noises = (1.0, 1.0, 1.0)
    halves = (score / 2, score)
    return Final(score, training_curve[-1], noises, noises, tuple(training_curve), halves)


def trial(learning_rate: float, weight_decay: float, *scores: float) -> GridTrial:
    """Return a trial; it failed if it has no scores."""
    reason = Status.OK if scores else Status.NOT_FINITE
    return GridTrial(Hyperparameters(learning_rate, weight_decay), scores, reason)


def comparison(
    scores: Mapping[str, Mapping[str, Sequence[float | None]]],
    tasks: Sequence[ComparedTask] = (ACCURACY, LOSS),
) -> Comparison:
    """Return a comparison; the first optimizer is the reference.

    Args:
        scores: by optimizer and task, one a final seed, None where training failed; empty where
            all of tuning failed.
    """
    cells = {}
    for optimizer, by_task in scores.items():
        for task, by_seed in by_task.items():
            finals = tuple(None if score is None else final(score) for score in by_seed)
            tried = trial(0.1, 1.0, *(score for score in by_seed if score is not None))
            cells[optimizer, task] = Tuned((tried,), tried.point if finals else None, (), finals)
    num_seeds = max(len(cell.finals) for cell in cells.values())
    names = tuple(scores)
    return Comparison(
        "small", names[0], names, tuple(tasks), (0,), tuple(range(10, 10 + num_seeds)), cells
    )
