"""The progress of long commands: each has a count, and shows it on every kind of terminal."""

import io

import pytest
from rich.console import Console

from lionhunt.search.activity import Activity
from lionhunt.search.cli import terminal
from lionhunt.search.cli.terminal import activity_display
from lionhunt.search.comparison import report as comparison_report
from lionhunt.search.comparison.loop import ComparisonProgress
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.paper import replication
from lionhunt.search.paper.replication import StudyProgress
from lionhunt.search.selection import report as selection_report
from lionhunt.search.selection.stage import SelectionProgress

HALF = RunProgress(100, 10, num_programs=50)


@pytest.mark.parametrize(
    "activity, line",
    [
        (
            comparison_report.to_activity(ComparisonProgress("quick", 3, 400, 1, 8)),
            "quick, 1 of 8 pairs of optimizer and task done: 3 of 400 trainings",
        ),
        (
            selection_report.to_activity(SelectionProgress("stage 1", "final seeds", 3, 1400)),
            "stage 1, final seeds: 3 of 1,400 measurements",
        ),
        (
            replication.to_activity(StudyProgress("random_0", 3, 5, HALF)),
            "random_0: 2 of 5 runs done",
        ),
    ],
)
def test_experiment_counts_its_progress(activity, line):
    assert str(activity) == line


def test_run_of_a_study_counts_by_the_share_that_is_done():
    assert replication.to_activity(StudyProgress("random_0", 3, 5, HALF)).done == 2.5


def shown(monkeypatch, term, **options):
    """Return the output of a display of two activities, on a terminal of a kind."""
    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr(terminal, "LINE_SECONDS", 0.0)
    console = Console(file=io.StringIO(), width=60, highlight=False, **options)
    with activity_display(console) as show:
        for done in (1, 2):
            show(Activity("looking", done, 9, "trainings"))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_terminal_shows_a_bar(monkeypatch):
    out = shown(monkeypatch, "xterm", force_terminal=True)
    assert "2 of 9 trainings" in out and "\u2501" in out and "\x1b[" in out


@pytest.mark.parametrize("options", [{}, {"force_terminal": True}])
def test_stream_without_a_cursor_gets_lines(monkeypatch, options):
    out = shown(monkeypatch, "dumb", **options)
    assert out.splitlines()[0] == "looking: 1 of 9 trainings" and "\x1b" not in out


def test_terminal_without_colours_shows_a_bar(monkeypatch):
    monkeypatch.setenv("NO_COLOR", "1")
    out = shown(monkeypatch, "xterm", force_terminal=True)
    assert "2 of 9 trainings" in out and "\x1b[3" not in out
