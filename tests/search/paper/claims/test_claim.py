"""The rule from cases to a verdict."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.search.paper.claims.claim import (
    ClaimRow,
    Verdict,
    count_words,
    of_interval,
    of_none,
    of_small,
    overall,
)
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
def test_verdicts_on_an_interval(low, high, positive, none, small):
    interval = Interval((low + high) / 2, low, high)
    assert of_interval(interval) is positive
    assert of_none(interval, margin=1) is none
    assert of_small(interval, margin=1) is small


def test_no_interval_is_not_measured():
    assert {of_interval(None), of_none(None, 1), of_small(None, 1)} == {NOT_MEASURED}


def test_counts_in_words():
    rows = [ClaimRow("", verdict) for verdict in (SEEN, SEEN, REVERSED, NOT_SEEN, NOT_MEASURED)]
    assert (
        count_words(rows, "tasks", "up", "down") == "up in 2 of 4 tasks, down in 1, undecided in 1"
    )
    assert count_words(rows[:1], "tasks", "up", "down") == "up in 1 of 1 tasks"
