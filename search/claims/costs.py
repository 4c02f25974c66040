"""What an optimizer costs: the claims about memory and speed, judged by measurements."""

from collections.abc import Sequence
from typing import NamedTuple

from search.claims.claim import Finding, Number, Row, Verdict, count_words
from search.interval import Interval

HALF = 0.5
ROUNDING = 0.01
"""The step count is a part of the state."""


class StateSize(NamedTuple):
    """What both optimizers keep between steps.

    Attributes:
        case: who keeps it, and of which model.
        lion_bytes, adamw_bytes: in all.
    """

    case: str
    lion_bytes: int
    adamw_bytes: int


class Speed(NamedTuple):
    """What both optimizers do in a second.

    Attributes:
        case: what is timed: a task, a number of parameters.
        lion_per_second, adamw_per_second: steps.
        ratio: of Lion's to AdamW's, paired in time, with its interval.
    """

    case: str
    lion_per_second: float
    adamw_per_second: float
    ratio: Interval


def memory(sizes: Sequence[StateSize]) -> Finding:
    """Whether Lion keeps half of what AdamW keeps, or less."""
    rows = []
    for case, lion_bytes, adamw_bytes in sizes:
        ratio = lion_bytes / adamw_bytes
        verdict = Verdict.SEEN if ratio <= HALF * (1 + ROUNDING) else Verdict.NOT_SEEN
        numbers = (
            Number("lion", lion_bytes, unit="bytes"),
            Number("adamw", adamw_bytes, unit="bytes"),
            Number("ratio", ratio),
        )
        rows.append(Row(case, Verdict.REVERSED if ratio > 1 else verdict, numbers))
    words = count_words(rows, "cases", "half or less of AdamW's", "larger")
    return Finding(f"Lion's state is {words}.", tuple(rows))


def speed(speeds: Sequence[Speed]) -> Finding:
    """Whether Lion takes more steps a second."""
    rows = []
    for case, lion, adamw, ratio in speeds:
        numbers = (
            Number("lion", lion, unit="steps/s"),
            Number("adamw", adamw, unit="steps/s"),
            Number.of("ratio", ratio),
        )
        rows.append(Row(case, _above_one(ratio), numbers))
    gains = [ratio.mean - 1 for *_, ratio in speeds]
    words = count_words(rows, "cases", "more", "fewer")
    reach = f" ({min(gains):+.1%} to {max(gains):+.1%})" if gains else ""
    return Finding(f"Lion's steps a second are {words}{reach}.", tuple(rows))


def _above_one(ratio: Interval) -> Verdict:
    if ratio.low > 1:
        return Verdict.SEEN
    return Verdict.REVERSED if ratio.high < 1 else Verdict.NOT_SEEN
