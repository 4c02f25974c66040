"""The rule from cases to a verdict, the claims of the paper, and their report."""

import itertools
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.search.paper.claims import judge_costs as costs
from lionhunt.search.paper.claims.claim import (
    ClaimNumber,
    ClaimRow,
    Finding,
    Verdict,
    count_words,
    of_interval,
    of_none,
    of_small,
    overall,
)
from lionhunt.search.paper.claims.cost_experiments import count_states
from lionhunt.search.paper.claims.memory import KeptBy, StateMemory
from lionhunt.search.paper.claims.registry import CLAIMS
from lionhunt.search.paper.claims.report import (
    case_table,
    claim_blocks,
    claims_table,
    summarize_claims,
)
from lionhunt.search.paper.claims.speed import LeftOut, Speed
from lionhunt.search.reporting.blocks import to_markdown_report
from lionhunt.search.statistics import Interval

SEEN, NOT_SEEN, REVERSED, NOT_MEASURED = Verdict


@pytest.mark.parametrize(
    "verdicts, expected",
    [
        ([SEEN], SEEN),
        ([SEEN, SEEN, REVERSED], SEEN),
        ([SEEN, NOT_SEEN], NOT_SEEN),
        ([SEEN, REVERSED], NOT_SEEN),
        ([REVERSED, REVERSED, SEEN], REVERSED),
        ([SEEN, NOT_MEASURED, NOT_MEASURED], SEEN),
        ([NOT_MEASURED], NOT_MEASURED),
        ([], NOT_MEASURED),
    ],
)
def test_rule(verdicts, expected):
    assert overall(verdicts) is expected
    assert all(overall(order) is expected for order in itertools.permutations(verdicts))


MIRROR = {SEEN: REVERSED, REVERSED: SEEN, NOT_SEEN: NOT_SEEN, NOT_MEASURED: NOT_MEASURED}


@given(st.lists(st.sampled_from(Verdict)))
def test_rule_favours_no_side(verdicts):
    mirrored = [MIRROR[verdict] for verdict in verdicts]
    assert overall(mirrored) is MIRROR[overall(verdicts)]


@pytest.mark.parametrize(
    "low, high, positive, none, small",
    [
        (2, 3, SEEN, REVERSED, REVERSED),
        (0.1, 0.2, SEEN, SEEN, SEEN),
        (0.1, 2, SEEN, NOT_SEEN, NOT_SEEN),
        (-0.1, 0.2, NOT_SEEN, SEEN, SEEN),
        (-2, 2, NOT_SEEN, NOT_SEEN, NOT_SEEN),
        (-3, -0.1, REVERSED, SEEN, NOT_SEEN),
        (-3, -2, REVERSED, SEEN, REVERSED),
    ],
)
def test_what_an_interval_says(low, high, positive, none, small):
    interval = Interval((low + high) / 2, low, high)
    assert of_interval(interval) is positive
    assert of_none(interval, margin=1) is none
    assert of_small(interval, margin=1) is small


def test_nothing_is_said_of_what_was_not_measured():
    found = {of_interval(None), of_none(None, 1), of_small(None, 1)}
    assert found == {NOT_MEASURED}


def test_counts_in_words():
    rows = [ClaimRow("", verdict) for verdict in (SEEN, SEEN, REVERSED, NOT_SEEN, NOT_MEASURED)]
    assert (
        count_words(rows, "tasks", "up", "down") == "up in 2 of 4 tasks, down in 1, undecided in 1"
    )
    assert count_words(rows[:1], "tasks", "up", "down") == "up in 1 of 1 tasks"


def test_keys_name_claims():
    assert len(CLAIMS) == 14
    for key, claim in CLAIMS.items():
        assert claim.key == key and claim.sentence.endswith(".") and claim.method.endswith(".")
        assert all(quote.values for quote in claim.paper)


@pytest.mark.parametrize("lion, verdict", [(4, SEEN), (2, SEEN), (6, NOT_SEEN), (9, REVERSED)])
def test_memory(lion, verdict):
    memories = [
        StateMemory(name, by, 1000, 1000 * per_parameter, per_parameter)
        for by, (mine, theirs) in ((KeptBy.OPTAX, (lion, 8)), (KeptBy.LEAST, (4, 16)))
        for name, per_parameter in (("lion", mine), ("adamw", theirs))
    ]
    finding = costs.memory(memories)
    assert finding.verdict is verdict
    assert finding.rows[0].numbers[-1] == ClaimNumber("ratio, kept by least", 0.25)


def test_lion_of_optax_keeps_half():
    assert costs.memory(count_states()).verdict is SEEN


@pytest.mark.parametrize(
    "ratio, verdict",
    [
        (Interval(1.1, 1.05, 1.15), SEEN),
        (Interval(1.1, 0.9, 1.3), NOT_SEEN),
        (Interval(0.9, 0.8, 0.99), REVERSED),
    ],
)
def test_speed_is_judged_by_optax_alone(ratio, verdict):
    programs = Interval(2.0, 1.9, 2.1)
    speeds = [
        Speed("digits_vit", by, 1000, 110.0, 100.0, 0, 0, each, 5, "wall time")
        for by, each in (("program", programs), ("optax", ratio))
    ]
    finding = costs.speed((speeds, [LeftOut(10, "no room")]))
    assert (finding.verdict, len(finding.rows)) == (verdict, 2)
    assert f"{ratio.mean - 1:+.1%}" in finding.sentence
    assert finding.rows[0].numbers[-1].value == 2.0
    assert finding.rows[1].verdict is NOT_MEASURED and finding.rows[1].note == "no room"


@pytest.fixture
def judged():
    rows = (
        ClaimRow("a, accuracy", SEEN, (ClaimNumber("better by", 0.0123, 0.001, 0.02),)),
        ClaimRow(
            "b, loss",
            REVERSED,
            (ClaimNumber("size", 5, unit="bytes"),),
            "lion failed with 1 of 5 seeds",
        ),
        ClaimRow("c", NOT_MEASURED),
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
    table = claims_table(judged)
    assert [row[-1] for row in table.rows] == ["not seen (1 of 2)"] * 2
    assert "78.23, 78.19, 78.89, 79.46 %" in table.rows[0][1]
    text = to_markdown_report("title", [table, *claim_blocks(judged)])
    for claim, finding in judged.values():
        assert f"## {claim.title}: not seen" in text
        assert text.count(finding.sentence) == 2
    assert all(len(table.heads) == len(row) for row in table.rows)


def test_dictionary_is_json(judged):
    described = summarize_claims(judged)
    first = json.loads(json.dumps(described))["claims"][0]
    assert first["counts"] == {"seen": 1, "not seen": 0, "reversed": 1, "not measured": 1}
    assert first["cases"][0]["numbers"][0]["low"] == 0.001


def test_json_has_no_infinity():
    row = ClaimRow("a", NOT_SEEN, (ClaimNumber("one seed", 0.5, float("-inf"), float("inf")),))
    described = summarize_claims({"beta2": (CLAIMS["beta2"], Finding("", (row,)))})
    json.dumps(described, allow_nan=False)
    (number,) = described["claims"][0]["cases"][0]["numbers"]
    assert (number["value"], number["low"], number["high"]) == (0.5, None, None)
