"""Claims, findings and verdicts, and the one rule from cases to a verdict."""

import dataclasses
import enum
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import NamedTuple

from lionhunt.search.statistics import Interval, sign


class Verdict(enum.StrEnum):
    """Verdict on a claim or on one case of it."""

    SEEN = "seen"
    NOT_SEEN = "not seen"
    """Neither the claim nor its opposite shows: there is no difference, or none that is certain."""
    REVERSED = "reversed"
    NOT_MEASURED = "not measured"


class ClaimNumber(NamedTuple):
    """A measured number.

    Attributes:
        name: the measured quantity.
        value: the number, or a mean.
        low, high: ends of its 95 % interval; None without one.
        unit: empty if `name` or the case implies it.
    """

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    unit: str = ""

    @classmethod
    def of(cls, name: str, interval: Interval, unit: str = "") -> "ClaimNumber":
        """Return a mean with its interval."""
        return cls(name, *interval, unit)


class ClaimRow(NamedTuple):
    """One case of a claim.

    Attributes:
        case: a task, a batch size, a size of model.
        verdict: on this case.
        numbers: numbers that decide the verdict or help to judge it.
        note: a remark, or empty.
    """

    case: str
    verdict: Verdict
    numbers: tuple[ClaimNumber, ...] = ()
    note: str = ""


@dataclasses.dataclass(frozen=True)
class Finding:
    """Finding on a claim.

    Attributes:
        sentence: the finding in words.
        rows: the cases.
    """

    sentence: str
    rows: tuple[ClaimRow, ...]

    @property
    def verdict(self) -> Verdict:
        """Return the verdict over all cases, by `RULE`."""
        return overall([row.verdict for row in self.rows])

    @property
    def counts(self) -> dict[Verdict, int]:
        """Return the number of cases of every verdict, in the order of `Verdict`."""
        counter = Counter(row.verdict for row in self.rows)
        return {verdict: counter[verdict] for verdict in Verdict}


class Quote(NamedTuple):
    """Numbers of the paper.

    Attributes:
        what: their meaning and model.
        values: in the order that `what` names.
        unit: of all values.
    """

    what: str
    values: tuple[float, ...]
    unit: str = ""


@dataclasses.dataclass(frozen=True)
class Claim:
    """A claim of the paper.

    Attributes:
        key: name on the command line.
        title: a few words.
        sentence: the claim.
        paper: the paper's own numbers.
        experiment: name of the experiment that decides it.
        method: how cases are judged, in a few sentences.
        judge: maps the result of that experiment to a finding.
    """

    key: str
    title: str
    sentence: str
    paper: tuple[Quote, ...]
    experiment: str
    method: str
    judge: Callable[..., Finding]


Judged = Mapping[str, tuple[Claim, Finding]]
"""Claims with their findings, by key."""

RULE = (
    "A claim is seen if more than half of the measured cases are seen. It is reversed if more than "
    "half are reversed, and else not seen. A case is seen or reversed only where its 95 % interval "
    "says so. Failed trainings count: an optimizer that fails with any seed is never the better "
    "one. Of cases without any difference, 1 in 20 would still be seen or reversed; nothing "
    "corrects for their number."
)


def overall(verdicts: Collection[Verdict]) -> Verdict:
    """Return one verdict for many cases, by `RULE`; `NOT_MEASURED` if no case was measured."""
    measured = [verdict for verdict in verdicts if verdict is not Verdict.NOT_MEASURED]
    if not measured:
        return Verdict.NOT_MEASURED
    for verdict in (Verdict.SEEN, Verdict.REVERSED):
        if 2 * measured.count(verdict) > len(measured):
            return verdict
    return Verdict.NOT_SEEN


def of_interval(interval: Interval | None) -> Verdict:
    """Judge a case that claims a positive number.

    Returns:
        `SEEN` if the whole interval is positive, `REVERSED` if it is negative, else `NOT_SEEN`.
        `NOT_MEASURED` for None.
    """
    if interval is None:
        return Verdict.NOT_MEASURED
    return {1: Verdict.SEEN, 0: Verdict.NOT_SEEN, -1: Verdict.REVERSED}[sign(interval)]


def of_none(advantage: Interval | None, margin: float) -> Verdict:
    """Judge a case that claims that there is no advantage.

    Args:
        advantage: positive for an advantage; None if there is nothing to compare.
        margin: advantages below it are negligible; same unit; > 0.

    Returns:
        `SEEN` if the interval ends below the margin and so rules out an advantage, `REVERSED` if it
        begins above the margin, else `NOT_SEEN`.
    """
    if advantage is None:
        return Verdict.NOT_MEASURED
    if advantage.low > margin:
        return Verdict.REVERSED
    return Verdict.SEEN if advantage.high < margin else Verdict.NOT_SEEN


def of_small(difference: Interval | None, margin: float) -> Verdict:
    """Judge a case that claims a small difference, or none.

    Args:
        difference: in either direction; None if there is nothing to compare.
        margin: differences below it are small; same unit; > 0.

    Returns:
        `SEEN` if the interval lies within the margin around 0, `REVERSED` if it lies beyond the
        margin on one side, else `NOT_SEEN`.
    """
    if difference is None:
        return Verdict.NOT_MEASURED
    if difference.low > margin or difference.high < -margin:
        return Verdict.REVERSED
    is_within = -margin < difference.low and difference.high < margin
    return Verdict.SEEN if is_within else Verdict.NOT_SEEN


def count_words(rows: Sequence[ClaimRow], noun: str, seen: str, reverse: str) -> str:
    """Return in words how many cases have each verdict.

    Args:
        rows: the cases.
        noun: a plural noun for them.
        seen, reverse: words for a case that is seen, or reversed, as "lower" and "higher".
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
