"""Promotion: differences paired by seed against SciPy's own test, and the rules around them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evaluation.seed_scores import SeedScores
from lionhunt.search.evolution.hyperparameters import Tuning
from lionhunt.search.selection.promotion import best_trial, judge, promote
from lionhunt.search.selection.result import Advantage, TunedTrial
from lionhunt.search.statistics import Interval

FAILED = SeedScores((), Status.NOT_FINITE)


def scores(*by_seed):
    return SeedScores(by_seed, Status.OK)


FITNESS = st.lists(st.tuples(*[st.floats(-1.0, 1.0)] * 2), min_size=2, max_size=9)


@given(FITNESS)
def test_advantage_is_that_of_a_paired_test(pairs):
    candidate, baseline = zip(*pairs, strict=True)
    differences = np.subtract(candidate, baseline)
    if differences.std() < 1e-6:
        return
    advantage, beats = judge(scores(*candidate), scores(*baseline), "interval")
    expected = stats.ttest_rel(candidate, baseline).confidence_interval(0.95)
    assert advantage is not None
    assert advantage == pytest.approx((differences.mean(), expected.low, expected.high))
    assert beats == (advantage.low > 0)
    assert judge(scores(*candidate), scores(*baseline), "mean").beats == (advantage.mean > 0)


def test_common_luck_of_seeds_does_not_hide_an_advantage():
    luck = np.array([0.5, -0.3, 0.9, 0.1])
    candidate = tuple(luck + [0.010, 0.011, 0.009, 0.010])
    assert judge(scores(*candidate), scores(*luck), "interval").beats


def test_uncertain_advantage_counts_by_the_mean_alone():
    candidate, baseline = scores(0.1, -0.02, 0.0), scores(0.0, 0.0, 0.0)
    assert (
        judge(candidate, baseline, "mean").beats
        and not judge(candidate, baseline, "interval").beats
    )


@pytest.mark.parametrize("rule", ["mean", "interval"])
def test_equal_and_failed_candidates_do_not_beat(rule):
    threshold = scores(0.1, 0.2)
    assert judge(threshold, threshold, rule) == Advantage(Interval(0.0, 0.0, 0.0), False)
    assert judge(FAILED, threshold, rule) == Advantage(None, False)


def test_best_trial_is_the_first_of_the_best_and_failures_are_none():
    tried = [scores(0.1, 0.2), FAILED, scores(0.2, 0.1), scores(-0.5, 0.0)]
    trials = [TunedTrial(Tuning(float(i), ()), found) for i, found in enumerate(tried)]
    assert best_trial(trials) is trials[0]
    assert best_trial(trials[1:2]) is None
    assert best_trial(trials[3:]) is trials[3]


def test_those_with_the_largest_advantage_are_promoted():
    verdicts = [
        Advantage(Interval(0.1, 0.0, 0.2), False),
        Advantage(Interval(0.2, 0.1, 0.3), True),
        Advantage(None, False),
        Advantage(Interval(0.4, 0.1, 0.7), True),
        Advantage(Interval(0.3, 0.1, 0.5), True),
    ]
    assert promote(verdicts, 2) == [3, 4] and promote(verdicts, 9) == [3, 4, 1]
    assert promote(verdicts[:1], 5) == []
