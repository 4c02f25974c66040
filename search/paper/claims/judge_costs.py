"""What an optimizer costs: the claims about memory and speed, judged by measurements."""

import itertools
from collections.abc import Sequence

from lionhunt.search.paper.claims.claim import ClaimNumber, ClaimRow, Finding, Verdict, count_words
from lionhunt.search.paper.claims.memory import KeptBy, StateMemory
from lionhunt.search.paper.claims.speed import LeftOut, Speed
from lionhunt.search.statistics import Interval

HALF = 0.5
ROUNDING = 0.01
"""The step count is a part of the state."""
JUDGED_BY = "optax"
"""Programs of AdamW keep the running averages of ones that correct its bias, so that what optax has
is the fairer opponent."""
AS = {"program": "both as programs", "rearranged": "Lion rearranged"}
"""Other pairs of `search.paper.claims.timed_runs`, which are told beside it."""


def memory(memories: Sequence[StateMemory]) -> Finding:
    """Whether Lion keeps half of what AdamW keeps, or less, by optax."""
    rows = []
    for size, same in itertools.groupby(memories, lambda each: each.num_parameters):
        kept = {(each.optimizer, each.kept_by): each.state_bytes for each in same}
        lion, adamw = kept["lion", KeptBy.OPTAX], kept["adamw", KeptBy.OPTAX]
        ratio = lion / adamw
        verdict = Verdict.SEEN if ratio <= HALF * (1 + ROUNDING) else Verdict.NOT_SEEN
        numbers = (
            ClaimNumber("lion", lion, unit="bytes"),
            ClaimNumber("adamw", adamw, unit="bytes"),
            ClaimNumber("ratio", ratio),
            *(
                ClaimNumber(f"ratio, kept by {by}", kept["lion", by] / kept["adamw", by])
                for by in KeptBy
                if by is not KeptBy.OPTAX and ("lion", by) in kept
            ),
        )
        case = f"{size:,} parameters"
        rows.append(ClaimRow(case, Verdict.REVERSED if ratio > 1 else verdict, numbers))
    words = count_words(rows, "cases", "half or less of AdamW's", "larger")
    return Finding(f"Lion's state is {words}.", tuple(rows))


def speed(measured: tuple[Sequence[Speed], Sequence[LeftOut]]) -> Finding:
    """Whether Lion takes more steps a second, both as optax has them.

    Args:
        measured: speeds, and sizes that were left out.
    """
    speeds, left_out = measured
    rows, gains = [], []
    for found in speeds:
        if found.written_as != JUDGED_BY:
            continue
        name, size = found.name, found.num_parameters
        numbers = (
            ClaimNumber("lion", found.lion_steps, unit="steps/s"),
            ClaimNumber("adamw", found.adamw_steps, unit="steps/s"),
            ClaimNumber.of("ratio", found.ratio),
        )
        numbers += tuple(
            ClaimNumber.of(f"ratio, {AS[other.written_as]}", other.ratio)
            for other in speeds
            if (other.name, other.num_parameters) == (name, size) and other.written_as in AS
        )
        rows.append(ClaimRow(f"{name}, {size:,} parameters", _above_one(found.ratio), numbers))
        gains.append(found.ratio.mean - 1)
    for size, reason in left_out:
        rows.append(ClaimRow(f"{size:,} parameters", Verdict.NOT_MEASURED, note=reason))
    words = count_words(rows, "cases", "more", "fewer")
    reach = f" ({min(gains):+.1%} to {max(gains):+.1%})" if gains else ""
    return Finding(f"Lion's steps a second are {words}{reach}.", tuple(rows))


def _above_one(ratio: Interval) -> Verdict:
    if ratio.low > 1:
        return Verdict.SEEN
    return Verdict.REVERSED if ratio.high < 1 else Verdict.NOT_SEEN
