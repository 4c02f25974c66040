"""The bar of activities: count and time left, on any width and without a terminal."""

import io
import math

import pytest
from rich.console import Console

from lionhunt.search.activity import Activity
from lionhunt.search.reporting import activity_bar
from lionhunt.search.reporting.activity_bar import ActivityBar


@pytest.fixture
def clock(monkeypatch):
    """Replace the clock of the bar by a list with one number, its time."""
    time = [0.0]
    make_bar = activity_bar.make_bar

    def make_timed_bar():
        bar = make_bar()
        bar.get_time = lambda: time[0]
        return bar

    monkeypatch.setattr(activity_bar, "make_bar", make_timed_bar)
    return time


def trainings(done, total=40):
    return Activity("a first look", done, total, "trainings")


def shown(bar, activity, width=80, **options):
    console = Console(width=width, file=io.StringIO(), force_terminal=True, record=True, **options)
    console.print(bar.to_display(activity))
    return console.export_text()


def test_time_left_is_that_of_the_pace(clock):
    bar = ActivityBar()
    assert bar.to_line(trainings(0)) == "a first look: 0 of 40 trainings"
    lines = []
    for done in range(11, 21):
        clock[0] += 2.0
        lines.append(bar.to_line(trainings(done)))
    assert lines[-1] == "a first look: 20 of 40 trainings, 0:00:40 left"
    assert "20 of 40 trainings 0:00:40 left" in shown(bar, trainings(20))


def test_units_of_an_earlier_session_say_nothing_of_the_pace(clock):
    bar = ActivityBar()
    bar.to_line(trainings(30))
    assert bar.seconds_left == math.inf
    for done in (31, 32):
        clock[0] += 5.0
        bar.to_line(trainings(done))
    assert bar.seconds_left == 40


def test_each_activity_has_a_pace_of_its_own(clock):
    bar = ActivityBar()
    for done in range(5):
        clock[0] += 1.0
        bar.to_line(trainings(done))
    assert bar.seconds_left == 36
    for next_one in (trainings(0), trainings(0, total=8), Activity("reading", 0, 8, "runs")):
        bar.to_line(next_one)
        assert bar.seconds_left == math.inf


@pytest.mark.parametrize("width", [30, 40, 80, 200])
def test_count_fits_on_a_line_of_any_width(width):
    text = shown(ActivityBar(), trainings(12, total=400), width)
    assert "12 of 400 trainings" in text
    assert all(len(line) <= width for line in text.splitlines())


def test_activity_without_a_count_has_no_bar():
    text = shown(ActivityBar(), Activity("reading the runs"))
    assert "reading the runs" in text and "0" not in text


def test_names_are_no_markup():
    name = "a [bold]name[/bold] :cat:"
    assert name in shown(ActivityBar(), Activity(name))


def test_activity_that_cannot_be_counted_has_no_time_left(clock):
    bar = ActivityBar()
    assert bar.to_line(Activity("a first look")) == "a first look"
    clock[0] += 2.0
    assert bar.to_line(Activity("a first look")) == "a first look"
