"""Values shared by the figures of a comparison: printed scores, labels, and paired differences."""

import math

from lionhunt.search.comparison.result import ComparedTask, Comparison, Final, printed_factor
from lionhunt.search.comparison.summary import pair_with_reference
from lionhunt.search.statistics import Interval, interval

NOTHING = Interval(math.nan, math.nan, math.nan)
"""The interval where all trainings failed: it is not drawn."""


def printed_score(task: ComparedTask, score: float) -> str:
    """Return a score with 4 significant digits, or a percentage with 3."""
    factor = printed_factor(task.metric)
    return f"{factor * score:#.{4 if factor == 1 else 3}g}".rstrip(".")


def metric_label(task: ComparedTask) -> str:
    """Return the validation metric, with its printed unit."""
    return f"validation {task.metric}" + (" (%)" if printed_factor(task.metric) != 1 else "")


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
    scores = [
        printed_factor(task.metric) * final.score for final in finished(comparison, optimizer, task)
    ]
    return interval(scores) if scores else NOTHING


def relative_difference(comparison: Comparison, optimizer: str, task: ComparedTask) -> Interval:
    """Return the advantage over the reference, in per cent of the reference's mean."""
    share = pair_with_reference(comparison, optimizer, task).relative_difference
    return NOTHING if share is None else Interval(*(100 * end for end in share))
