"""Report of the claims: a dictionary of plain values, tables and Markdown."""

from collections.abc import Iterator, Mapping
from typing import Any

from lionhunt.search.paper.claims.claim import (
    RULE,
    Claim,
    ClaimNumber,
    ClaimRow,
    Finding,
    Judged,
    Quote,
    Verdict,
)
from lionhunt.search.paper.toy_problems import Examples, example_blocks, summarize_examples
from lionhunt.search.reporting import Block, Heading, Paragraph, Table, finite_or_none


def summarize_claims(judged: Judged, examples: Examples | None = None) -> dict[str, Any]:
    """Return claims, findings and examples as JSON values."""
    summary: dict[str, Any] = {
        "rule": RULE,
        "claims": [_summarize_claim(claim, finding) for claim, finding in judged.values()],
    }
    return summary | ({"examples": summarize_examples(examples)} if examples else {})


def _summarize_claim(claim: Claim, finding: Finding) -> dict[str, Any]:
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
            row._asdict() | {"numbers": [_summarize_number(number) for number in row.numbers]}
            for row in finding.rows
        ],
    }


def _summarize_number(number: ClaimNumber) -> dict[str, Any]:
    return {
        key: finite_or_none(value) if isinstance(value, float) else value
        for key, value in number._asdict().items()
    }


def overview_blocks(judged: Judged) -> list[Block]:
    """Return the table of all claims, and the rule from cases to a verdict."""
    rows = [
        (claim.title, _quotes(claim.paper), finding.sentence, _verdict(finding))
        for claim, finding in judged.values()
    ]
    heads = ("claim", "in the paper", "here", "verdict at this scale")
    scale = "All of it is at this scale: small models, some hundred steps."
    return [Table("the claims", heads, rows), Paragraph(f"{RULE} {scale}")]


def report_blocks(
    judged: Judged, examples: Examples | None, captions: Mapping[str, str]
) -> Iterator[Block]:
    """Yield the whole report.

    Args:
        judged: the claims with their findings.
        examples: if they were measured.
        captions: of the pictures, by file name without suffix.
    """
    yield from overview_blocks(judged)
    yield from claim_blocks(judged)
    if examples:
        yield from example_blocks(examples)
    if captions:
        yield Heading("pictures")
    for name, caption in captions.items():
        yield Paragraph(f"![{caption}]({name}.png)")


def claim_blocks(judged: Judged) -> Iterator[Block]:
    """Yield a section for each claim, with the table of its cases."""
    for claim, finding in judged.values():
        yield Heading(f"{claim.title}: {_verdict(finding)}")
        yield Paragraph(f"Claim: {claim.sentence}")
        if claim.paper:
            yield Paragraph(f"In the paper: {_quotes(claim.paper)}.")
        yield Paragraph(f"Here: {finding.sentence}")
        yield Paragraph(f"Method: {claim.method}")
        if finding.rows:
            yield case_table(f"{claim.title}, case by case", finding.rows)


def case_table(title: str, rows: tuple[ClaimRow, ...]) -> Table:
    """Return the table of cases, with a column for each name of a number."""
    names = list(dict.fromkeys(_column(number) for row in rows for number in row.numbers))
    note_head = ("note",) if any(row.note for row in rows) else ()
    lines = []
    for row in rows:
        cells = {_column(number): number_text(number) for number in row.numbers}
        note = (row.note,) if note_head else ()
        lines.append((row.case, row.verdict.value, *(cells.get(name, "") for name in names), *note))
    return Table(title, ("case", "verdict", *names, *note_head), lines)


def _column(number: ClaimNumber) -> str:
    return f"{number.name} ({number.unit})" if number.unit else number.name


def number_text(number: ClaimNumber) -> str:
    """Return a number with its interval, to four digits."""
    if number.low is None or number.high is None:
        return _digits(number.value)
    return f"{_digits(number.value)} [{_digits(number.low)}, {_digits(number.high)}]"


def _digits(value: float) -> str:
    return f"{value:,}" if isinstance(value, int) else f"{value:.4g}"


def _quotes(quotes: tuple[Quote, ...]) -> str:
    return "; ".join(
        f"{quote.what}: {', '.join(f'{value:g}' for value in quote.values)} {quote.unit}".rstrip()
        for quote in quotes
    )


def _verdict(finding: Finding) -> str:
    """Return the verdict and its share of the measured cases; for `NOT_SEEN` that of `SEEN`."""
    verdict, counts = finding.verdict, finding.counts
    if verdict is Verdict.NOT_MEASURED:
        return verdict.value
    count = counts[Verdict.SEEN if verdict is Verdict.NOT_SEEN else verdict]
    return f"{verdict.value} ({count} of {len(finding.rows) - counts[Verdict.NOT_MEASURED]})"
