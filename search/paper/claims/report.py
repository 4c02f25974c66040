"""The claims and what was found of them: a dictionary, tables, Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from lionhunt.search.comparison.summary import known
from lionhunt.search.paper.claims.claim import (
    RULE,
    Claim,
    ClaimNumber,
    ClaimRow,
    Finding,
    Quote,
    Verdict,
)
from lionhunt.search.reporting.blocks import Block, Heading, Paragraph
from lionhunt.search.reporting.tables import Table

Judged = Mapping[str, tuple[Claim, Finding]]
"""Claims with their findings, by key."""


def summarize_claims(judged: Judged) -> dict[str, Any]:
    """Everything that is known of claims, as plain values."""
    return {
        "rule": RULE,
        "claims": [_describe(claim, finding) for claim, finding in judged.values()],
    }


def _describe(claim: Claim, finding: Finding) -> dict[str, Any]:
    return {
        "key": claim.key,
        "title": claim.title,
        "claim": claim.sentence,
        "paper": [quote._asdict() for quote in claim.paper],
        "experiment": claim.experiment,
        "method": claim.method,
        "verdict": finding.verdict.value,
        "counts": {verdict.value: count for verdict, count in finding.counts.items()},
        "finding": finding.sentence,
        "cases": [
            row._asdict() | {"numbers": [_describe_number(number) for number in row.numbers]}
            for row in finding.rows
        ],
    }


def _describe_number(number: ClaimNumber) -> dict[str, Any]:
    return {
        key: known(value) if isinstance(value, float) else value
        for key, value in number._asdict().items()
    }


def claims_table(judged: Judged) -> Table:
    """All claims, a line each."""
    rows = [
        (claim.title, _quotes(claim.paper), finding.sentence, _verdict(finding))
        for claim, finding in judged.values()
    ]
    return Table("the claims", ("claim", "in the paper", "here", "verdict at this scale"), rows)


def claim_blocks(judged: Judged) -> Iterator[Block]:
    """A section for each claim, with the table of its cases."""
    for claim, finding in judged.values():
        yield Heading(f"{claim.title}: {_verdict(finding)}")
        yield Paragraph(f"Claim: {claim.sentence}")
        if claim.paper:
            yield Paragraph(f"In the paper: {_quotes(claim.paper)}.")
        yield Paragraph(f"Here: {finding.sentence}")
        yield Paragraph(f"How it is judged: {claim.method}")
        if finding.rows:
            yield case_table(f"{claim.title}, case by case", finding.rows)


def case_table(title: str, rows: tuple[ClaimRow, ...]) -> Table:
    """Cases, with a column for each name of a number."""
    names = list(dict.fromkeys(_column(number) for row in rows for number in row.numbers))
    has_notes = any(row.note for row in rows)
    lines = []
    for row in rows:
        cells = {_column(number): number_text(number) for number in row.numbers}
        notes = (row.note,) if has_notes else ()
        lines.append(
            (row.case, row.verdict.value, *(cells.get(name, "") for name in names), *notes)
        )
    return Table(title, ("case", "verdict", *names, *(("note",) if has_notes else ())), lines)


def _column(number: ClaimNumber) -> str:
    return f"{number.name} ({number.unit})" if number.unit else number.name


def number_text(number: ClaimNumber) -> str:
    """A number with its interval, in digits that can be compared."""
    if number.low is None or number.high is None:
        return _digits(number.value)
    return f"{_digits(number.value)} [{_digits(number.low)}, {_digits(number.high)}]"


def _digits(value: float) -> str:
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:.4g}"


def _quotes(quotes: tuple[Quote, ...]) -> str:
    return "; ".join(
        f"{quote.what}: {', '.join(f'{value:g}' for value in quote.values)} {quote.unit}".rstrip()
        for quote in quotes
    )


def _verdict(finding: Finding) -> str:
    """The verdict, and of how many cases."""
    measured = len(finding.rows) - finding.counts[Verdict.NOT_MEASURED]
    agreeing = finding.counts[finding.verdict]
    if finding.verdict is Verdict.NOT_MEASURED:
        return finding.verdict.value
    if finding.verdict is Verdict.NOT_SEEN:
        agreeing = measured - finding.counts[Verdict.SEEN]
        return f"{finding.verdict.value} ({finding.counts[Verdict.SEEN]} of {measured})"
    return f"{finding.verdict.value} ({agreeing} of {measured})"


def rule_block() -> Block:
    """How cases make a verdict."""
    return Paragraph(f"{RULE} All of it is at this scale: small models, some hundred steps.")


def picture_blocks(captions: Mapping[str, str]) -> Iterator[Block]:
    """The pictures beside the report, by the names of their files."""
    if captions:
        yield Heading("pictures")
    for name, caption in captions.items():
        yield Paragraph(f"![{caption}]({name}.png)")
