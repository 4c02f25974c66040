"""Statistics of runs: against SciPy and plain loops, by their laws, and by their promise."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lionhunt.search.bootstrap import (
    bootstrap_mean,
    paired_difference,
    probability_of_improvement,
    sign,
)
from lionhunt.search.statistics import CONFIDENCE, Interval

scores = st.floats(-1e30, 1e30) | st.sampled_from([0.0, 0.5, 0.75])
pairs = st.lists(st.tuples(scores, scores), min_size=1, max_size=8)
few_pairs = st.lists(st.tuples(scores, scores), min_size=2, max_size=6)


def apart(drawn):
    return [mine for mine, _ in drawn], [theirs for _, theirs in drawn]


def test_interval_of_the_mean_tends_to_students_and_holds_its_bootstrap():
    values = np.random.default_rng(0).normal(3.0, 2.0, 60)
    found = bootstrap_mean(values)
    student = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    rng = np.random.default_rng(1)
    bca = stats.bootstrap((values,), np.mean, rng=rng).confidence_interval
    assert found.mean == pytest.approx(values.mean())
    for other in (student, bca):
        assert (found.low, found.high) == pytest.approx((other.low, other.high), abs=0.05)


@pytest.mark.parametrize("num_seeds", [5, 10])
def test_interval_of_a_few_values_holds_the_mean_as_often_as_it_promises(num_seeds):
    draws = np.random.default_rng(1).normal(1.0, 5.0, (500, num_seeds))
    held = [found.low <= 1.0 <= found.high for found in map(bootstrap_mean, draws)]
    assert 0.94 <= np.mean(held) <= 0.985


def test_probability_holds_the_truth_as_often_as_it_promises():
    rng = np.random.default_rng(2)
    truth = stats.norm.cdf(1 / np.sqrt(2))
    held = []
    for _ in range(150):
        shared, mine, theirs = rng.normal(size=(3, 10)) * np.sqrt([[0.5], [0.5], [0.5]])
        found = probability_of_improvement(shared + mine + 1.0, shared + theirs, True)
        held.append(found.low <= truth <= found.high)
    assert np.mean(held) >= 0.94


def test_probability_is_the_share_of_mann_and_whitney():
    mine, theirs = np.random.default_rng(3).integers(0, 6, (2, 9)).astype(float)
    found = probability_of_improvement(mine, theirs, True)
    assert found.mean == stats.mannwhitneyu(mine, theirs).statistic / 81
    assert found.mean == np.mean(
        [(x > y) + 0.5 * (x == y) for x, y in itertools.product(mine, theirs)]
    )
    assert 0 <= found.low < found.mean < found.high <= 1


def test_seeds_that_are_lucky_for_both_are_resampled_jointly():
    luck = np.linspace(0.0, 1.0, 10)
    joint = probability_of_improvement(luck + 0.15, luck, True)
    apart = probability_of_improvement(luck + 0.15, luck[[3, 8, 1, 6, 0, 9, 4, 7, 2, 5]], True)
    assert joint.mean == apart.mean
    assert joint.high - joint.low < 0.7 * (apart.high - apart.low)


def test_a_clean_sweep_is_not_certainty():
    for num_seeds in (2, 5, 6, 10):
        ones = [1.0] * num_seeds
        found = probability_of_improvement(ones, [0.0] * num_seeds, True)
        exact = stats.binomtest(num_seeds, num_seeds).proportion_ci(CONFIDENCE)
        assert found == pytest.approx((1.0, exact.low, 1.0))
        assert (found.low > 0.5) == (num_seeds >= 6)
    nearly = probability_of_improvement(np.arange(10.0), np.arange(10.0) - 8.5, True)
    assert nearly.mean < 1 and nearly.low <= 0.025 ** (1 / 10)


@given(pairs, st.booleans())
def test_swapping_two_optimizers_turns_the_difference_round(drawn, higher):
    mine, theirs = apart(drawn)
    found, other = paired_difference(mine, theirs, higher), paired_difference(theirs, mine, higher)
    scale = max(map(abs, mine + theirs))
    turned = (-other.mean, -other.high, -other.low)
    assert found == pytest.approx(turned, rel=1e-9, abs=1e-9 * scale)
    assert paired_difference(theirs, mine, not higher) == found
    assert found.low <= found.mean <= found.high


@given(few_pairs, st.booleans())
def test_swapping_two_optimizers_gives_the_other_probability(drawn, higher):
    mine, theirs = apart(drawn)
    found = probability_of_improvement(mine, theirs, higher)
    other = probability_of_improvement(theirs, mine, higher)
    assert found == pytest.approx((1 - other.mean, 1 - other.high, 1 - other.low))
    assert 0 <= found.low <= found.mean <= found.high <= 1


@given(pairs, st.randoms(use_true_random=False))
def test_order_of_the_seeds_does_not_matter(drawn, random):
    shuffled = random.sample(drawn, len(drawn))
    assert paired_difference(*apart(shuffled), True) == paired_difference(*apart(drawn), True)


@given(few_pairs, st.randoms(use_true_random=False))
def test_order_of_the_seeds_hardly_matters_to_the_probability(drawn, random):
    shuffled = random.sample(drawn, len(drawn))
    found, other = (probability_of_improvement(*apart(p), True) for p in (drawn, shuffled))
    assert found.mean == pytest.approx(other.mean)
    assert found == pytest.approx(other, abs=0.1)  # resamples are drawn by position


def test_one_value_says_nothing_and_equal_values_everything():
    assert bootstrap_mean([2.0]) == (2.0, -np.inf, np.inf)
    assert bootstrap_mean([0.1] * 7) == (0.1, 0.1, 0.1)
    assert bootstrap_mean([0.0, 1e-300]).high > 1e-300
    assert paired_difference([1.0], [2.0], False) == (1.0, -np.inf, np.inf)
    assert probability_of_improvement([1.0], [2.0], False) == (1.0, 0.0, 1.0)
    assert probability_of_improvement([2.0] * 10, [2.0] * 10, True).mean == 0.5


def test_what_cannot_be_compared_is_refused():
    with pytest.raises(ValueError, match="no statistics"):
        bootstrap_mean([])
    for function in (paired_difference, probability_of_improvement):
        with pytest.raises(ValueError, match="2 scores cannot be paired with 1"):
            function([1.0, 2.0], [1.0], True)
        with pytest.raises(ValueError, match="no statistics"):
            function([1.0, np.nan], [1.0, 2.0], True)


@pytest.mark.parametrize(
    "low, high, expected",
    [(0.1, 1.0, 1), (-1.0, -0.1, -1), (-1.0, 1.0, 0), (0.0, 1.0, 0), (0.0, 0.0, 0)],
)
def test_sign_is_said_only_where_the_interval_says_it(low, high, expected):
    assert sign(Interval((low + high) / 2, low, high)) == expected
    assert sign(Interval(0.0, -np.inf, np.inf)) == 0
