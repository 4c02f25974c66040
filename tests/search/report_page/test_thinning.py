"""Thinning keeps extremes and adds nothing."""

from hypothesis import given
from hypothesis import strategies as st

from lionhunt.search.report_page import thinning
from lionhunt.search.report_page.thinning import running_maxima, thin

VALUES = st.lists(st.none() | st.floats(-100, 100, allow_nan=False), max_size=300)


@given(VALUES, st.integers(1, 20), st.integers(1, 30), st.data())
def test_no_extreme_is_lost_and_points_are_few(values, num_bins, num_even, data):
    places = range(len(values))
    always = data.draw(st.lists(st.sampled_from(places), max_size=5)) if values else []
    shown = thin(values, always, num_bins, num_even)
    assert shown == sorted(set(shown)) and all(values[place] is not None for place in shown)
    assert set(running_maxima(values)) <= set(shown)
    assert {place for place in always if values[place] is not None} <= set(shown)
    assert len(shown) <= len(running_maxima(values)) + 2 * num_bins + num_even + len(always)
    for number in range(num_bins):
        part = {
            value
            for place, value in enumerate(values)
            if value is not None and place * num_bins // len(values) == number
        }
        if part:
            kept = {values[p] for p in shown if p * num_bins // len(values) == number}
            assert {min(part), max(part)} <= kept


@given(VALUES)
def test_running_maxima_rise_to_the_highest(values):
    maxima = [values[place] for place in running_maxima(values)]
    assert maxima == sorted(set(maxima))
    present = [value for value in values if value is not None]
    assert maxima[-1:] == ([max(present)] if present else [])


def test_an_endless_rise_is_thinned_too():
    rise = [float(i) for i in range(3 * thinning.MAX_RECORDS)]
    shown = thin(rise)
    assert len(shown) <= 2 * thinning.NUM_BINS + thinning.NUM_EVEN
    assert {0, len(rise) - 1} <= set(shown)


def test_few_values_are_all_shown():
    assert thin([3.0, None, 1.0, 2.0]) == [0, 2, 3]
