"""Intervals against SciPy's own, and by their promise: they hold the truth as often as they say."""

import numpy as np
import pytest
from scipy import stats

from lionhunt.search.statistics import CONFIDENCE, interval


def test_interval_is_students():
    values = np.random.default_rng(0).normal(3.0, 2.0, 9)
    test = stats.ttest_1samp(values, 0.0).confidence_interval(CONFIDENCE)
    assert interval(list(values)) == pytest.approx((values.mean(), test.low, test.high))


def test_interval_holds_the_mean_as_often_as_it_promises():
    draws = np.random.default_rng(1).normal(1.0, 5.0, (2000, 6))
    held = [found.low <= 1.0 <= found.high for found in map(interval, draws)]
    assert np.mean(held) == pytest.approx(CONFIDENCE, abs=0.015)


def test_one_value_says_nothing_and_none_is_refused():
    assert interval([2.0]) == (2.0, -np.inf, np.inf)
    for values in ([], [1.0, float("nan")]):
        with pytest.raises(ValueError, match="no interval"):
            interval(values)
