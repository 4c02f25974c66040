"""The grid of step sizes, and its travels."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evaluation.step_sizes import (
    MAX_EXPONENT,
    MAX_ROUNDS,
    check_multiples,
    common_multiple,
    grids,
    is_step_size,
    travel,
)

SIZES = (0.125, 0.5, 1.0, 2.0, 8.0)
multiples = st.integers(-MAX_EXPONENT, MAX_EXPONENT).map(lambda exponent: 2.0**exponent)


@given(st.lists(multiples, min_size=1, max_size=3).map(tuple))
def test_every_multiple_of_a_grid_is_a_bounded_power_of_two(centers):
    for center, grid in zip(centers, grids(centers, SIZES), strict=True):
        assert center in grid and len(grid) == len(SIZES)
        check_multiples(grid)


@pytest.mark.parametrize("multiple", [0.0, -1.0, 3.0, float("nan"), float("inf"), 2.0**61])
def test_other_multiples_are_refused(multiple):
    with pytest.raises(ValueError, match="power of two"):
        check_multiples((1.0, multiple))


def test_step_sizes_are_powers_of_two():
    assert all(map(is_step_size, (1.0, 0.25, 128.0, 2.0**-20)))
    assert not any(map(is_step_size, (0.0, -2.0, 0.3, 2.0**21, float("nan"), float("inf"))))


def test_several_tasks_have_the_geometric_mean():
    assert common_multiple(()) == 1.0
    assert common_multiple((4.0,)) == 4.0
    assert common_multiple((0.25, 16.0)) == 2.0
    assert common_multiple((2.0, 2.0, 16.0)) == 4.0


def measure_with(*best: float):
    """Return a function that measures a program with these best multiples."""
    seen = []

    def measure(tried):
        seen.append(tried)
        nearest = tuple(
            min(grid, key=lambda size: abs(size / top - 1) + abs(top / size - 1))
            for grid, top in zip(tried, best, strict=True)
        )
        return Measurement(Status.OK, (0.0,) * len(best), multiples=nearest)

    return measure, seen


def test_the_reference_travels_to_its_best_multiples():
    measure, seen = measure_with(2.0**11, 0.5)
    assert travel(measure, SIZES, 2).multiples == (2.0**11, 0.5)
    # The last grid confirms its centre.
    assert seen[-1][0] == grids((2.0**11,), SIZES)[0] and len(seen) < MAX_ROUNDS


def test_the_reference_stops_at_a_failure_and_after_a_while():
    failed = Measurement(Status.NOT_FINITE, multiples=(4.0,))
    assert travel(lambda tried: failed, SIZES, 2) is failed
    flips = iter(range(100))

    def restless(tried):
        return Measurement(Status.OK, (0.0,), multiples=(tried[0][next(flips) % 2],))

    assert travel(restless, SIZES, 1).status is Status.OK
    assert next(flips) == MAX_ROUNDS
