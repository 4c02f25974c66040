"""Values shared by the figures of a comparison: printed scores, labels, and paired differences."""

import math
from statistics import fmean

from lionhunt.search.comparison.result import ComparedTask, Comparison, Final
from lionhunt.search.statistics import Interval, interval, paired_difference

NOTHING = Interval(math.nan, math.nan, math.nan)
"""The interval where all trainings failed: it is not drawn."""


def factor(task: ComparedTask) -> float:
    """Return the factor of printed scores: accuracies are printed in per cent."""
    return 100.0 if "accuracy" in task.metric else 1.0


def printed_score(task: ComparedTask, score: float) -> str:
    """Return a score with 4 significant digits, or a percentage with 3."""
    num_digits = 4 if factor(task) == 1 else 3
    return f"{factor(task) * score:#.{num_digits}g}".rstrip(".")


def metric_label(task: ComparedTask) -> str:
    """Return the validation metric, with its printed unit."""
    return f"validation {task.metric}" + (" (%)" if factor(task) != 1 else "")


def loss_label(task: ComparedTask) -> str:
    """Return the training loss with its unit: that of a validated loss, or else nats."""
    unit = task.metric.partition("(")[2] or "nats)"
    return f"training loss ({unit}"


def finished(comparison: Comparison, optimizer: str, task: ComparedTask) -> list[Final]:
    """Return the final trainings that did not fail."""
    finals = comparison.cells[optimizer, task.name].finals
    return [final for final in finals if final is not None]


def score_interval(comparison: Comparison, optimizer: str, task: ComparedTask) -> Interval:
    """Return the interval of the final score, as printed."""
    scores = [factor(task) * final.score for final in finished(comparison, optimizer, task)]
    return interval(scores) if scores else NOTHING


def paired_scores(
    comparison: Comparison, optimizer: str, task: ComparedTask
) -> list[tuple[float, float]]:
    """Return scores of the optimizer and the reference for each seed with which both finished."""
    cells = [comparison.cells[name, task.name].finals for name in (optimizer, comparison.reference)]
    # There are no finals if all of tuning failed, so the lengths may differ.
    pairs = zip(*cells, strict=False)
    return [(final.score, reference.score) for final, reference in pairs if final and reference]


def relative_difference(comparison: Comparison, optimizer: str, task: ComparedTask) -> Interval:
    """Return the advantage over the reference, in per cent of the reference's mean."""
    pairs = paired_scores(comparison, optimizer, task)
    if not pairs:
        return NOTHING
    scores, reference_scores = zip(*pairs, strict=True)
    unit = abs(fmean(reference_scores)) / 100
    if unit == 0:
        return NOTHING
    difference = paired_difference(scores, reference_scores, task.higher_is_better)
    return Interval(*(value / unit for value in difference))
