"""The grid: each optimizer has the same budget, and an optimum beyond the edge is found."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lionhunt.search.tuning_grid import Grid, Hyperparameters, Place, best_place, edges

GRID = Grid(Hyperparameters(1e-3, 0.1), 4.0, 10.0)


def tune(value, num_trials, grid=GRID):
    """Use up a budget, with planted values."""
    tried = {}
    while places := grid.next_places(tried, num_trials):
        assert not set(places) & set(tried) and len(set(places)) == len(places)
        tried |= {place: value(place) for place in places}
    return tried


def peak(at):
    """Return a hill: its height falls with the distance from a place."""
    return lambda place: -math.dist(place, at)


@given(st.integers(1, 60), st.dictionaries(st.tuples(*2 * [st.integers(-9, 9)]), st.floats(-9, 9)))
def test_every_optimizer_has_exactly_as_many_trials(num_trials, values):
    tried = tune(lambda place: values.get(tuple(place), float("-inf")), num_trials)
    assert len(tried) == num_trials


@given(st.integers(-7, 7), st.integers(-5, 5))
def test_an_optimum_anywhere_is_found_by_extending_the_grid(i, j):
    best = best_place(tune(peak((i, j)), 60))
    assert best == (i, j)


def test_an_optimum_in_the_middle_is_refined_and_not_at_an_edge():
    tried = tune(peak((1, 0)), 17)
    assert best_place(tried) == (1, 0)
    assert edges(Place(1, 0), tried) == ()


def test_a_budget_that_ends_on_the_way_is_told():
    tried = tune(peak((40, 0)), 12)
    best = best_place(tried)
    assert best is not None and edges(best, tried) == ("learning_rate",)


def test_of_equal_values_the_first_is_the_best_and_where_all_fail_there_is_none():
    assert best_place(tune(lambda place: 0.0, 9)) == (0, 0)
    assert best_place(tune(lambda place: float("-inf"), 9)) is None


def test_places_are_points_of_a_log_grid_with_four_digits():
    assert GRID.point(Place(0, 0)) == Hyperparameters(1e-3, 0.1)
    assert GRID.point(Place(2, -2)) == Hyperparameters(4e-3, 0.01)
    assert GRID.point(Place(1, 1)) == Hyperparameters(2e-3, 0.3162)


def test_the_grid_ends_where_numbers_become_senseless():
    tried = tune(
        lambda place: place.learning_rate, 40, Grid(Hyperparameters(100.0, 100.0), 10.0, 10.0)
    )
    assert max(GRID.point(place).learning_rate for place in tried) < 1e4
    assert all(100.0 * 10 ** (place.learning_rate / 2) <= 1e4 for place in tried)


def test_without_weight_decay_only_the_learning_rate_is_tuned():
    tried = tune(peak((3, 0)), 9, Grid(Hyperparameters(1e-3, 0.0), 4.0, 10.0))
    assert len(tried) == 9 and all(place.weight_decay == 0 for place in tried)
    assert best_place(tried) == (3, 0) and edges(Place(3, 0), tried) == ()
    assert edges(max(tried), tried) == ("learning_rate",)


@pytest.mark.parametrize("num_trials", [1, 5, 9])
def test_the_first_trials_are_the_start_and_its_coarse_neighbours(num_trials):
    places = list(tune(peak((0, 0)), num_trials))
    assert places[0] == (0, 0)
    assert all(coordinate in (-2, 0, 2) for place in places for coordinate in place)
