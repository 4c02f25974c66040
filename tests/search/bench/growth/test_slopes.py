"""Slopes of known power laws, and what has none."""

import pytest

from lionhunt.search.bench.growth.slopes import fit_slope, upper_half

SIZES = [10, 31, 100, 316, 1000, 3162, 10_000]


@pytest.mark.parametrize("exponent", [-1.0, 0.0, 0.5, 1.0, 2.0])
def test_slope_of_a_power_law_is_its_exponent(exponent):
    points = [(size, 7.0 * size**exponent) for size in SIZES]
    assert fit_slope(points) == pytest.approx(exponent, abs=1e-3)


def test_slope_is_that_of_the_upper_half():
    points = [(size, max(316.0, size) ** 2) for size in SIZES]
    assert fit_slope(points) == pytest.approx(2.0, abs=1e-3)
    assert fit_slope(points[:4]) == pytest.approx(0.0, abs=1e-3)


def test_upper_half_is_that_of_a_log_axis():
    assert [size for size, _ in upper_half([(size, 1.0) for size in SIZES])] == SIZES[3:]
    assert upper_half([]) == []


def test_order_of_sizes_has_no_effect():
    points = [(size, size**1.5) for size in SIZES]
    assert fit_slope(points[::-1]) == fit_slope(points)


@pytest.mark.parametrize("points", [[], [(10, 1.0)], [(1, 1.0), (1000, 3.0)], [(10, 0.0), (11, 0)]])
def test_too_few_sizes_or_zeros_have_no_slope(points):
    assert fit_slope(points) is None
