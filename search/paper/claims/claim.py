"""What a claim is, what was found of it, and the one rule from cases to a verdict."""

import dataclasses
import enum
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from lionhunt.search.statistics import Interval, sign


class Verdict(enum.StrEnum):
    """What the data say of a claim, or of one case of it."""

    SEEN = "seen"
    NOT_SEEN = "not seen"
    """Neither the claim nor its opposite shows: no difference, or one that is not certain."""
    REVERSED = "reversed"
    NOT_MEASURED = "not measured"


class ClaimNumber(NamedTuple):
    """Something measured.

    Attributes:
        name: what it is.
        value: it, or its mean.
        low, high: the ends of its 95 % interval, if it has one.
        unit: empty where `name` or the case says it.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""

    @classmethod
    def of(cls, name: str, interval: Interval, unit: str = "") -> "ClaimNumber":
        """An interval under a name."""
        return cls(name, *interval, unit)


class ClaimRow(NamedTuple):
    """One case of a claim.

    Attributes:
        case: a task, a batch size, a size of model.
        verdict: of this case.
        numbers: what decided it, and what helps to judge it.
        note: what else should be known.
    """

    case: str
    verdict: Verdict
    numbers: tuple[ClaimNumber, ...] = ()
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Finding:
    """What was found of a claim.

    Attributes:
        sentence: the data in words.
        rows: the cases.
    """

    sentence: str
    rows: tuple[ClaimRow, ...]

    @property
    def verdict(self) -> Verdict:
        """Of all cases, by the rule of `overall`."""
        return overall([row.verdict for row in self.rows])

    @property
    def counts(self) -> dict[Verdict, int]:
        """How many cases have each verdict; all verdicts, in order."""
        counted = Counter(row.verdict for row in self.rows)
        return {verdict: counted[verdict] for verdict in Verdict}


class Quote(NamedTuple):
    """Numbers of the paper.

    Attributes:
        what: they are, and of which model.
        values: in the order that `what` says.
        unit: of all.
    """

    what: str
    values: tuple[float, ...]
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        key: its name on the command line.
        title: a few words.
        sentence: what is claimed.
        paper: the paper's own numbers.
        experiment: the one it is judged by.
        method: how a case is judged here, in one sentence or two.
        judge: from what came of that experiment to the finding.
    """

    key: str
    title: str
    sentence: str
    paper: tuple[Quote, ...]
    experiment: str
    method: str
    judge: Callable[..., Finding]


RULE = (
    "A claim is seen if it is seen in more than half of the cases that could be measured, reversed "
    "if it is reversed in more than half, and else not seen. One case is seen or reversed only "
    "where its 95 % interval says so; what trains nothing is counted, and who fails to train with "
    "any seed is never the better one. Of cases in which nothing differs, 1 in 20 would still be "
    "seen or reversed, and nothing corrects for their number."
)


def overall(verdicts: Collection[Verdict]) -> Verdict:
    """One verdict from those of cases, by `RULE`; not measured if no case was."""
    measured = [verdict for verdict in verdicts if verdict is not Verdict.NOT_MEASURED]
    if not measured:
        return Verdict.NOT_MEASURED
    for verdict in (Verdict.SEEN, Verdict.REVERSED):
        if 2 * measured.count(verdict) > len(measured):
            return verdict
    return Verdict.NOT_SEEN


def of_interval(interval: Interval | None) -> Verdict:
    """Of a case that claims a positive number: seen if its interval is above 0."""
    if interval is None:
        return Verdict.NOT_MEASURED
    return {1: Verdict.SEEN, 0: Verdict.NOT_SEEN, -1: Verdict.REVERSED}[sign(interval)]


def of_none(advantage: Interval | None, margin: float) -> Verdict:
    """Of a case that claims that there is no advantage.

    Args:
        advantage: positive where there is one; None where there is nothing to compare.
        margin: how much is no advantage, in the same unit; > 0.

    Returns:
        Seen if the interval ends below the margin, so that an advantage worth the name is ruled
        out; reversed if it begins above the margin; else not seen.
    """
    if advantage is None:
        return Verdict.NOT_MEASURED
    if advantage.low > margin:
        return Verdict.REVERSED
    return Verdict.SEEN if advantage.high < margin else Verdict.NOT_SEEN


def of_small(difference: Interval | None, margin: float) -> Verdict:
    """Of a case that claims a small difference, or none.

    Args:
        difference: in any direction; None where there is nothing to compare.
        margin: how much is small, in the same unit; > 0.

    Returns:
        Seen if the interval lies within the margin of 0, reversed if it lies beyond it on one
        side; else not seen.
    """
    if difference is None:
        return Verdict.NOT_MEASURED
    if difference.low > margin or difference.high < -margin:
        return Verdict.REVERSED
    within = -margin < difference.low and difference.high < margin
    return Verdict.SEEN if within else Verdict.NOT_SEEN


def count_words(rows: Sequence[ClaimRow], noun: str, seen: str, reverse: str) -> str:
    """How many cases say what, in words.

    Args:
        rows: the cases.
        noun: what they are, in the plural.
        seen, reverse: what a case that is seen, or reversed, says, as "lower" and "higher".
    """
    counts = Counter(row.verdict for row in rows)
    total = len(rows) - counts[Verdict.NOT_MEASURED]
    if not total:
        return "nothing could be measured"
    parts = [f"{seen} in {counts[Verdict.SEEN]} of {total} {noun}"]
    if counts[Verdict.REVERSED]:
        parts.append(f"{reverse} in {counts[Verdict.REVERSED]}")
    if counts[Verdict.NOT_SEEN]:
        parts.append(f"undecided in {counts[Verdict.NOT_SEEN]}")
    return ", ".join(parts)
