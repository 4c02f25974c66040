"""Intervals against SciPy and plain loops, by their laws, and by their promised coverage."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lionhunt.search.statistics import (
    CONFIDENCE,
    Interval,
    geometric_mean,
    interval,
    paired_difference,
    probability_of_improvement,
    sign,
)

scores = st.floats(-1e30, 1e30) | st.sampled_from([0.0, 0.5, 0.75])
pairs = st.lists(st.tuples(scores, scores), min_size=1, max_size=8)
few_pairs = st.lists(st.tuples(scores, scores), min_size=2, max_size=6)


def columns(drawn):
    return [a for a, _ in drawn], [b for _, b in drawn]


def test_interval_is_students():
    values = np.random.default_rng(0).normal(3.0, 2.0, 9)
    test = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    assert interval(list(values)) == pytest.approx((values.mean(), test.low, test.high))


def test_difference_is_that_of_a_paired_test():
    a, b = np.random.default_rng(0).normal(3.0, 2.0, (2, 9))
    test = stats.ttest_rel(b, a).confidence_interval(CONFIDENCE)
    found = paired_difference(a, b, higher_is_better=False)
    assert found == pytest.approx(((b - a).mean(), test.low, test.high))


def test_geometric_mean_is_of_logarithms_and_turns_round_with_its_ratios():
    ratios = np.random.default_rng(0).lognormal(0.3, 0.5, 9)
    found, turned = geometric_mean(ratios), geometric_mean(1 / ratios)
    assert found == pytest.approx(tuple(np.exp(interval(np.log(ratios)))))
    assert found.mean == pytest.approx(stats.gmean(ratios))
    assert (1 / turned.mean, 1 / turned.high, 1 / turned.low) == pytest.approx(found)
    assert geometric_mean([0.5]) == (0.5, 0.0, np.inf)
    with pytest.raises(ValueError, match="positive"):
        geometric_mean([0.5, 0.0])


@pytest.mark.parametrize("num_seeds", [3, 5, 6, 10, 20])
def test_interval_holds_the_mean_as_often_as_it_promises(num_seeds):
    draws = np.random.default_rng(1).normal(1.0, 5.0, (2000, num_seeds))
    held = [found.low <= 1.0 <= found.high for found in map(interval, draws)]
    assert np.mean(held) == pytest.approx(CONFIDENCE, abs=0.015)


@pytest.mark.parametrize("num_seeds", [5, 10, 20])
def test_interval_of_skewed_values_loses_a_few_points_only(num_seeds):
    draws = np.random.default_rng(1).exponential(1.0, (2000, num_seeds))
    held = [found.low <= 1.0 <= found.high for found in map(interval, draws)]
    assert 0.86 <= np.mean(held) <= CONFIDENCE


@pytest.mark.parametrize("num_seeds", [5, 10, 20])
@pytest.mark.parametrize("shared", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("advantage", [0.0, 1.0])
def test_probability_holds_the_truth_as_often_as_it_promises(num_seeds, shared, advantage):
    rng = np.random.default_rng(2)
    truth = stats.norm.cdf(advantage / np.sqrt(2))
    scale = np.sqrt([[shared], [1 - shared], [1 - shared]])
    held = []
    for _ in range(500):
        luck, a, b = rng.normal(size=(3, num_seeds)) * scale
        found = probability_of_improvement(luck + a + advantage, luck + b, True)
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.93


def test_probability_is_the_share_of_mann_and_whitney():
    a, b = np.random.default_rng(3).integers(0, 6, (2, 9)).astype(float)
    found = probability_of_improvement(a, b, True)
    assert found.mean == stats.mannwhitneyu(a, b).statistic / 81
    assert found.mean == np.mean([(x > y) + 0.5 * (x == y) for x, y in itertools.product(a, b)])
    assert 0 <= found.low < found.mean < found.high <= 1


def test_common_luck_of_seeds_makes_the_probability_more_certain():
    luck = np.linspace(0.0, 1.0, 10)
    paired = probability_of_improvement(luck + 0.15, luck, True)
    mixed = probability_of_improvement(luck + 0.15, luck[[3, 8, 1, 6, 0, 9, 4, 7, 2, 5]], True)
    assert paired.mean == mixed.mean
    assert paired.high - paired.low < 0.7 * (mixed.high - mixed.low)


def test_a_clean_sweep_is_not_certainty():
    for num_seeds in (2, 5, 6, 10):
        found = probability_of_improvement([1.0] * num_seeds, [0.0] * num_seeds, True)
        exact = stats.binomtest(num_seeds, num_seeds).proportion_ci(CONFIDENCE)
        assert found == pytest.approx((1.0, exact.low, 1.0))
        assert (found.low > 0.5) == (num_seeds >= 6)
    nearly = probability_of_improvement(np.arange(10.0), np.arange(10.0) - 8.5, True)
    assert nearly.mean < 1 and nearly.low <= 0.025 ** (1 / 10)


@given(pairs, st.booleans())
def test_swapping_two_optimizers_turns_the_difference_round(drawn, higher):
    a, b = columns(drawn)
    found, swapped = paired_difference(a, b, higher), paired_difference(b, a, higher)
    scale = max(map(abs, a + b))
    turned = (-swapped.mean, -swapped.high, -swapped.low)
    assert found == pytest.approx(turned, rel=1e-9, abs=1e-9 * scale)
    assert paired_difference(b, a, not higher) == found
    assert found.low <= found.mean <= found.high


@given(few_pairs, st.booleans())
def test_swapping_two_optimizers_gives_the_other_probability(drawn, higher):
    a, b = columns(drawn)
    found = probability_of_improvement(a, b, higher)
    swapped = probability_of_improvement(b, a, higher)
    assert found == pytest.approx((1 - swapped.mean, 1 - swapped.high, 1 - swapped.low))
    assert 0 <= found.low <= found.mean <= found.high <= 1


@given(few_pairs, st.randoms(use_true_random=False))
def test_order_of_the_seeds_does_not_matter(drawn, random):
    shuffled = random.sample(drawn, len(drawn))
    scale = max(abs(score) for pair in drawn for score in pair)
    for statistic in (paired_difference, probability_of_improvement):
        found, other = (statistic(*columns(order), True) for order in (drawn, shuffled))
        assert found == pytest.approx(other, rel=1e-9, abs=1e-9 * max(scale, 1))


def test_one_value_says_nothing_and_equal_values_everything():
    assert interval([2.0]) == (2.0, -np.inf, np.inf)
    assert interval([0.1] * 7) == (0.1, 0.1, 0.1)
    assert paired_difference([1.0], [2.0], False) == (1.0, -np.inf, np.inf)
    assert probability_of_improvement([1.0], [2.0], False) == (1.0, 0.0, 1.0)
    assert probability_of_improvement([2.0] * 10, [2.0] * 10, True).mean == 0.5


def test_values_that_have_no_interval_are_refused():
    for values in ([], [1.0, float("nan")]):
        with pytest.raises(ValueError, match="no interval"):
            interval(values)
    for function in (paired_difference, probability_of_improvement):
        with pytest.raises(ValueError, match="2 scores cannot be paired with 1"):
            function([1.0, 2.0], [1.0], True)
        with pytest.raises(ValueError, match="no interval"):
            function([1.0, np.nan], [1.0, 2.0], True)


@pytest.mark.parametrize(
    "low, high, expected",
    [(0.1, 1.0, 1), (-1.0, -0.1, -1), (-1.0, 1.0, 0), (0.0, 1.0, 0), (0.0, 0.0, 0)],
)
def test_an_interval_has_a_sign_only_where_it_excludes_zero(low, high, expected):
    assert sign(Interval((low + high) / 2, low, high)) == expected
    assert sign(Interval(0.0, -np.inf, np.inf)) == 0
