"""Judges of the claims about memory and speed."""

import itertools
from collections.abc import Sequence

from lionhunt.search.paper.claims.claim import ClaimNumber, ClaimRow, Finding, Verdict, count_words
from lionhunt.search.paper.costs import KeptBy, Speeds, StateMemory
from lionhunt.search.statistics import Interval

HALF = 0.5
ROUNDING = 0.01
"""Tolerance of the ratio of states, since the step count is a part of the state."""
JUDGED_BY = "optax"
"""The pair that users have."""
OTHER_PAIRS = {"program": "both as programs", "rearranged": "Lion rearranged"}
"""Further pairs of `search.paper.costs.timed_runs`, which the table shows beside it."""


def judge_memory(memories: Sequence[StateMemory]) -> Finding:
    """Judge if Lion's state is half of AdamW's or less, by optax."""
    rows = []
    for size, of_size in itertools.groupby(memories, lambda memory: memory.num_parameters):
        kept = {(memory.optimizer, memory.kept_by): memory.state_bytes for memory in of_size}
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


def judge_speed(measured: Speeds) -> Finding:
    """Judge if Lion takes more steps a second than AdamW, both from optax."""
    rows, gains = [], []
    for speed in measured.speeds:
        if speed.written_as != JUDGED_BY:
            continue
        numbers = (
            ClaimNumber("lion", speed.lion_steps, unit="steps/s"),
            ClaimNumber("adamw", speed.adamw_steps, unit="steps/s"),
            ClaimNumber.of("ratio", speed.ratio),
        )
        numbers += tuple(
            ClaimNumber.of(f"ratio, {OTHER_PAIRS[other.written_as]}", other.ratio)
            for other in measured.speeds
            if (other.name, other.num_parameters) == (speed.name, speed.num_parameters)
            and other.written_as in OTHER_PAIRS
        )
        case = f"{speed.name}, {speed.num_parameters:,} parameters"
        rows.append(ClaimRow(case, _above_one(speed.ratio), numbers))
        gains.append(speed.ratio.mean - 1)
    for size, reason in measured.left_out:
        rows.append(ClaimRow(f"{size:,} parameters", Verdict.NOT_MEASURED, note=reason))
    words = count_words(rows, "cases", "more", "fewer")
    reach = f" ({min(gains):+.1%} to {max(gains):+.1%})" if gains else ""
    return Finding(f"Lion's steps a second are {words}{reach}.", tuple(rows))


def _above_one(ratio: Interval) -> Verdict:
    if ratio.low > 1:
        return Verdict.SEEN
    return Verdict.REVERSED if ratio.high < 1 else Verdict.NOT_SEEN
