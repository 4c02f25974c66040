"""Steps to a target: by hand, by the laws of interpolation, and without a favour for luck."""

import math
import statistics

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lionhunt.search.statistics import CONFIDENCE, geometric_mean
from lionhunt.search.steps_to_target import (
    ScoreCurve,
    StepsRatio,
    TaskRatios,
    pair_curves,
    steps_ratio,
    steps_to,
    summarize_ratios,
)

STEPS = (10, 20, 30, 40)
FALLING = ScoreCurve(STEPS, (4.0, 3.0, 2.5, 2.25))


@pytest.mark.parametrize(
    "target, steps",
    [(4.5, 10), (4.0, 10), (3.5, 15), (3.0, 20), (2.6, 28), (2.25, 40), (2.2, None)],
)
def test_a_falling_curve_by_hand(target, steps):
    assert steps_to(FALLING, target, higher_is_better=False) == steps
    risen = ScoreCurve(STEPS, [-score for score in FALLING.scores])
    assert steps_to(risen, -target, higher_is_better=True) == steps


def test_the_first_point_counts_also_where_the_curve_turns_back():
    curve = ScoreCurve(STEPS, (4.0, 2.0, 3.0, 2.0))
    assert steps_to(curve, 2.0, higher_is_better=False) == 20
    assert steps_to(curve, 3.0, higher_is_better=False) == 15


@pytest.mark.parametrize("missing", [math.nan, math.inf])
def test_a_point_without_a_score_is_not_reached_and_not_interpolated(missing):
    curve = ScoreCurve(STEPS, (missing, 3.0, missing, 2.0))
    assert steps_to(curve, 3.5, higher_is_better=False) == 20
    assert steps_to(curve, 2.5, higher_is_better=False) == 40


scores = st.lists(st.floats(-100, 100), min_size=1, max_size=8)


def curve_of(values, length=10.0):
    return ScoreCurve([length * (i + 1) for i in range(len(values))], values)


@given(scores, st.floats(-100, 100), st.booleans())
def test_the_steps_lie_before_the_first_point_that_reaches_and_after_the_one_before(
    values, target, higher_is_better
):
    steps = steps_to(curve_of(values), target, higher_is_better)
    reached = [v >= target if higher_is_better else v <= target for v in values]
    if True not in reached:
        assert steps is None
    else:
        first = reached.index(True)
        assert steps is not None and max(10.0, 10.0 * first) <= steps <= 10.0 * (first + 1)


@given(scores, st.floats(-100, 100), st.floats(-100, 100))
def test_a_better_target_takes_no_fewer_steps(values, target, other):
    easy, hard = max(target, other), min(target, other)
    sooner, later = (steps_to(curve_of(values), each, False) for each in (easy, hard))
    assert later is None or (sooner is not None and sooner <= later + 1e-9)


@given(scores, st.floats(0.0, 1.0), st.integers(0, 6))
def test_a_point_on_a_line_between_two_changes_nothing(values, share, place):
    assume(place + 1 < len(values))
    curve = curve_of(values)
    between = (
        10.0 * (place + 1 + share),
        values[place] + share * (values[place + 1] - values[place]),
    )
    points = sorted({*zip(*curve, strict=True), between})
    finer = ScoreCurve(*zip(*points, strict=True))
    target = float(np.mean(values))
    assert steps_to(finer, target, True) == pytest.approx(steps_to(curve, target, True), rel=1e-6)


@given(scores, scores, st.booleans())
def test_swapping_turns_the_ratio_round_and_the_unit_of_steps_cancels(one, other, higher):
    first, second = curve_of(one), curve_of(other)
    found, turned = steps_ratio(first, second, higher), steps_ratio(second, first, higher)
    assert found.ratio * turned.ratio == pytest.approx(1.0)
    assert found.is_reached or turned.is_reached
    assert found.is_bound == turned.is_bound
    longer = steps_ratio(curve_of(one, 30.0), curve_of(other, 30.0), higher)
    assert longer.ratio == pytest.approx(found.ratio)


def test_a_ratio_by_hand():
    # It reaches 2.25 halfway between 2.5 at 20 and 2.0 at 30.
    faster = ScoreCurve(STEPS, (3.0, 2.5, 2.0, 1.9))
    assert steps_ratio(faster, FALLING, False) == StepsRatio(25 / 40, True, False)
    assert steps_ratio(FALLING, faster, False) == StepsRatio(40 / 25, False, False)
    assert steps_ratio(FALLING, FALLING, False) == StepsRatio(1.0, True, False)


def test_a_target_that_is_passed_by_the_first_point_is_a_bound():
    fast = ScoreCurve(STEPS, (2.0, 1.5, 1.2, 1.0))
    assert steps_ratio(fast, FALLING, False) == StepsRatio(0.25, True, True)
    assert steps_ratio(FALLING, fast, False) == StepsRatio(4.0, False, True)


def test_an_optimizer_that_needs_a_share_of_the_steps_has_that_share_as_its_ratio():
    steps = range(20, 401, 20)
    loss = ScoreCurve(steps, [1 + 10 / step for step in steps])
    fast = ScoreCurve(steps, [1 + 10 / (1.3 * step) for step in steps])
    assert steps_ratio(fast, loss, False).ratio == pytest.approx(1 / 1.3, rel=3e-3)
    assert steps_ratio(loss, fast, False).ratio == pytest.approx(1.3, rel=3e-3)


def test_luck_favours_neither_of_two_equal_optimizers():
    """Hold 1 as often as promised, though half of the seeds do not reach the reference."""
    rng = np.random.default_rng(0)
    steps = np.arange(10, 101, 10)
    held, centers = [], []
    for _ in range(400):
        curves = 1 + 10 / steps + 0.05 * rng.normal(size=(2, 8, 10))
        own, other = (
            [ScoreCurve(range(10, 101, 10), scores) for scores in each.tolist()] for each in curves
        )
        found = pair_curves("text", range(8), own, other, False)
        assert found.mean is not None
        held.append(found.mean.low <= 1 <= found.mean.high)
        centers.append(math.log(found.mean.mean))
    assert np.mean(held) == pytest.approx(CONFIDENCE, abs=0.03)
    assert np.mean(centers) == pytest.approx(0.0, abs=3 * statistics.pstdev(centers) / 20)


def ratios(task, *values, **failures):
    by_seed = {seed: StepsRatio(v, v <= 1, False) for seed, v in enumerate(values) if v}
    return TaskRatios(task, by_seed, **failures)


def test_the_overall_ratio_weighs_tasks_equally_and_pairs_seeds():
    summary = summarize_ratios([ratios("a", 0.5, 0.5, 0.5), ratios("b", 2.0, 2.0, None)])
    assert summary["ratio"] == {"mean": 1.0, "low": 1.0, "high": 1.0}
    assert (summary["num_tasks"], summary["num_seeds"]) == (2, 2)
    a, b = summary["tasks"]
    assert (a["verdict"], b["verdict"]) == ("fewer", "more")
    assert (a["num_not_reached"], b["num_not_reached"]) == (0, 2)
    by_hand = geometric_mean([0.5 * 0.25, 0.8 * 0.5])
    mixed = summarize_ratios([ratios("a", 0.125, 0.4), ratios("b", 1.0, 1.0)])
    assert mixed["ratio"]["mean"] == pytest.approx(by_hand.mean**0.5)
    assert mixed["ratio"]["low"] == pytest.approx(by_hand.low**0.5)


def test_failures_are_counted_and_never_help():
    fast = summarize_ratios([ratios("a", 0.5, 0.5, None, num_failures=1)])["tasks"][0]
    assert fast["verdict"] is None and fast["ratio"]["mean"] == 0.5
    assert (fast["num_seeds"], fast["num_failures"]) == (2, 1)
    slow = summarize_ratios([ratios("a", 2.0, 2.0, num_reference_failures=1)])["tasks"][0]
    assert slow["verdict"] is None and slow["num_reference_failures"] == 1
    never = summarize_ratios([ratios("a", num_failures=3), ratios("b", 0.5, 0.5)])
    assert never["tasks"][0]["ratio"] is None
    assert (never["num_tasks"], never["ratio"]["mean"]) == (1, 0.5)
    nothing = summarize_ratios([ratios("a", num_failures=3)])
    assert nothing["ratio"] is None and nothing["num_seeds"] == 0


def test_failed_trainings_have_no_ratio():
    found = pair_curves("a", (7, 8, 9), [FALLING, None, FALLING], [None, None, FALLING], False)
    assert list(found.by_seed) == [9]
    assert (found.num_failures, found.num_reference_failures) == (1, 2)
    alone = summarize_ratios([found])["ratio"]
    assert alone == {"mean": 1.0, "low": None, "high": None}
