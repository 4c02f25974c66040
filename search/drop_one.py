"""The drop-one check: the verdict on a part of a program, from what its removal costs."""

from collections.abc import Sequence

from lionhunt.search.statistics import Interval

NEEDED, HURTS, NOTHING, UNDECIDED = "needed", "hurts", "does nothing", "undecided"
"""Verdicts on a part of a program."""


def judge_part(losses: Sequence[Interval | None], is_harmless: bool) -> str:
    """Return the verdict on a part of a program.

    Args:
        losses: what its removal costs by each measure; None if the rest does not train.
        is_harmless: the rest is shown to be good enough; no loss that was seen counts as harmless.

    Example:
        >>> judge_part([Interval(0.02, 0.01, 0.03)], is_harmless=True)
        'needed'
        >>> judge_part([Interval(0.0, -0.01, 0.01)], is_harmless=True)
        'does nothing'
    """
    if any(loss is None or loss.low > 0 for loss in losses):
        return NEEDED
    if any(loss is not None and loss.high < 0 for loss in losses):
        return HURTS
    return NOTHING if is_harmless else UNDECIDED
