"""What the pictures of a comparison take from it: scores as they are printed, and pairs of them."""

import math
from statistics import fmean

from lionhunt.search.bootstrap import bootstrap_mean, paired_difference
from lionhunt.search.comparison.result import ComparedTask, Comparison, Final
from lionhunt.search.statistics import Interval

NOTHING = Interval(math.nan, math.nan, math.nan)
"""Where all trainings failed: not drawn."""


def factor(task: ComparedTask) -> float:
    """What scores are multiplied by: accuracies are printed in per cent."""
    return 100.0 if "accuracy" in task.metric else 1.0


def printed_score(task: ComparedTask, score: float) -> str:
    """In few letters; a percentage with a digit less."""
    num_digits = 4 if factor(task) == 1 else 3
    return f"{factor(task) * score:#.{num_digits}g}".rstrip(".")


def metric_label(task: ComparedTask) -> str:
    """What is validated, with the unit in which it is printed."""
    return f"validation {task.metric}" + (" (%)" if factor(task) != 1 else "")


def loss_label(task: ComparedTask) -> str:
    """The training loss with its unit: that of a validated loss, else that of a cross entropy."""
    unit = task.metric.partition("(")[2] or "nats)"
    return f"training loss ({unit}"


def finished(comparison: Comparison, optimizer: str, task: ComparedTask) -> list[Final]:
    """The final trainings that did not fail."""
    finals = comparison.cells[optimizer, task.name].finals
    return [final for final in finals if final is not None]


def score_interval(comparison: Comparison, optimizer: str, task: ComparedTask) -> Interval:
    """Of the final score as it is printed."""
    scores = [factor(task) * final.score for final in finished(comparison, optimizer, task)]
    return bootstrap_mean(scores) if scores else NOTHING


def paired_scores(
    comparison: Comparison, optimizer: str, task: ComparedTask
) -> list[tuple[float, float]]:
    """Scores of the optimizer and the reference with each seed with which both finished."""
    cells = [comparison.cells[name, task.name].finals for name in (optimizer, comparison.reference)]
    return [
        (mine.score, theirs.score)
        for mine, theirs in zip(*cells, strict=False)  # no finals if all of tuning failed
        if mine and theirs
    ]


def relative_difference(comparison: Comparison, optimizer: str, task: ComparedTask) -> Interval:
    """How much better than the reference, in per cent of the reference's mean."""
    pairs = paired_scores(comparison, optimizer, task)
    if not pairs:
        return NOTHING
    mine, theirs = zip(*pairs, strict=True)
    unit = abs(fmean(theirs)) / 100
    if unit == 0:
        return NOTHING
    difference = paired_difference(mine, theirs, task.higher_is_better)
    return Interval(*(value / unit for value in difference))
