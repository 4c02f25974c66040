"""The report of the claims: tables, Markdown and JSON."""

import json

import pytest

from lionhunt.search.paper.claims.claim import ClaimNumber, ClaimRow, Finding, Verdict
from lionhunt.search.paper.claims.registry import CLAIMS
from lionhunt.search.paper.claims.report import (
    case_table,
    claim_blocks,
    overview_blocks,
    summarize_claims,
)
from lionhunt.search.reporting import Table, to_markdown_report


@pytest.fixture
def judged():
    rows = (
        ClaimRow("a, accuracy", Verdict.SEEN, (ClaimNumber("better by", 0.0123, 0.001, 0.02),)),
        ClaimRow(
            "b, loss",
            Verdict.REVERSED,
            (ClaimNumber("size", 5, unit="bytes"),),
            "lion failed with 1 of 5 seeds",
        ),
        ClaimRow("c", Verdict.NOT_MEASURED),
    )
    return {
        key: (CLAIMS[key], Finding(f"Found of {key}.", rows))
        for key in ("one_beta", "convolutions")
    }


def test_table_of_cases(judged):
    _, finding = judged["one_beta"]
    table = case_table("", finding.rows)
    assert table.heads == ("case", "verdict", "better by", "size (bytes)", "note")
    assert table.rows[0] == ("a, accuracy", "seen", "0.0123 [0.001, 0.02]", "", "")
    assert table.rows[1][3:] == ("5", "lion failed with 1 of 5 seeds")


def test_report_has_every_claim_with_the_numbers_of_the_paper(judged):
    overview = overview_blocks(judged)
    table = overview[0]
    assert isinstance(table, Table)
    assert [row[-1] for row in table.rows] == ["not seen (1 of 2)"] * 2
    assert "78.23, 78.19, 78.89, 79.46 %" in table.rows[0][1]
    text = to_markdown_report("title", [*overview, *claim_blocks(judged)])
    for claim, finding in judged.values():
        assert f"## {claim.title}: not seen" in text
        assert text.count(finding.sentence) == 2
    assert all(len(table.heads) == len(row) for row in table.rows)


def test_summary_is_json(judged):
    summary = summarize_claims(judged)
    first = json.loads(json.dumps(summary))["claims"][0]
    assert first["counts"] == {"seen": 1, "not seen": 0, "reversed": 1, "not measured": 1}
    assert first["cases"][0]["numbers"][0]["low"] == 0.001


def test_json_has_no_infinity():
    row = ClaimRow(
        "a", Verdict.NOT_SEEN, (ClaimNumber("one seed", 0.5, float("-inf"), float("inf")),)
    )
    summary = summarize_claims({"beta2": (CLAIMS["beta2"], Finding("", (row,)))})
    json.dumps(summary, allow_nan=False)
    (number,) = summary["claims"][0]["cases"][0]["numbers"]
    assert (number["value"], number["low"], number["high"]) == (0.5, None, None)
