"""Curves of a run: one point a step, however often you stop the run."""

import json
from typing import Any

import pytest

from lionhunt.search.driver import scoring
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.log import write_log
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.trackers import tensorboard
from lionhunt.search.trackers.tensorboard import EventFile, draw_progress
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import FormulaPool, advance, create, start_formula_pool

CONFIG = """
num_programs = 20
[evolution]
population_size = 10
[[tasks]]
kind = "digits_mlp"
num_steps = 5
"""


@pytest.fixture
def drawn(monkeypatch):
    """Record the points of all sessions, and the first step of each."""

    class Drawn:
        points: list = []
        first_steps: list = []

        def __init__(self, folder, first_step):
            self.first_steps.append(first_step)

        def add(self, step, values):
            self.points.append((step, values))

        def close(self):
            pass

    monkeypatch.setattr(tensorboard, "EventFile", Drawn)
    monkeypatch.setattr(Drawn, "points", [])
    monkeypatch.setattr(Drawn, "first_steps", [])
    return Drawn


def session(start, stop, total=5000):
    """Yield the progress of a part of a run, which records three programs at a time."""
    progress = RunProgress(total, 10, num_programs=start, num_before=start)
    while progress.num_programs < stop:
        progress.num_programs = min(progress.num_programs + 3, stop)
        progress.seconds += 1.5
        yield progress


def test_a_stopped_run_has_the_curves_of_one_that_was_not(drawn, tmp_path):
    list(draw_progress(session(0, 5000), tmp_path))
    steps = [step for step, _ in drawn.points]
    assert len(steps) == tensorboard.NUM_POINTS and steps[-1] == 5000
    assert {b - a for a, b in zip(steps, steps[1:], strict=False)} <= {3, 6, 5, 2}
    drawn.points.clear()
    for start, stop in ((0, 4), (4, 1234), (1234, 1235), (1235, 1236), (1236, 5000)):
        list(draw_progress(session(start, stop), tmp_path))
    again = [step for step, _ in drawn.points]
    assert again == sorted(set(again)) and again[-1] == 5000
    assert [step // 5 for step in again] == [step // 5 for step in steps]
    # A session without a point has no file.
    assert drawn.first_steps == [0, 5, 1235, 1237]


def test_points_are_what_the_progress_says(drawn, tmp_path):
    statuses = {Status.OK: 20, Status.HURDLE: 3}
    progress = RunProgress(40, 10, num_programs=30, num_before=25, num_evaluated=8, seconds=2.0)
    progress.statuses.update(statuses)
    progress.recent.extend([(10, 6), (10, 5)])
    list(draw_progress(iter([progress]), tmp_path))
    assert drawn.points == [
        (
            30,
            {
                "cache_hit_rate": 13 / 20,
                "redundant_share": pytest.approx(0.45),
                "programs_per_second": 2.5,
                "outcomes/ok": 20,
                "outcomes/hurdle": 3,
            },
        )
    ]


def test_run_that_ends_by_its_training_has_a_last_point(drawn, tmp_path):
    def run():
        for progress in session(0, 22):
            progress.num_chunks, progress.max_chunks = progress.num_programs, 22
            yield progress

    list(draw_progress(run(), tmp_path))
    assert [step for step, _ in drawn.points] == [6, 12, 15, 21, 22]


def test_what_cannot_be_drawn_is_logged_and_the_run_goes_on(tmp_path):
    (tmp_path / "file").write_text("")
    with write_log(tmp_path / "log"):
        assert len(list(draw_progress(session(0, 30), tmp_path / "file"))) == 10
    assert (tmp_path / "log").read_text().count("tensorboard_failed") == 1


def test_run_whose_config_asks_is_drawn_and_logged(invoke_cli, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    asked = {"observability": {"tensorboard": True}}
    with create(tmp_path, **asked) as records:
        advance(records, FormulaPool(), 50)
        before = records.count()
    assert invoke_cli("resume", tmp_path)[0] == 0
    with RunStore.open_to_read(tmp_path) as records:
        summary = summarize_run(records)
    steps = [step for step, _ in drawn.points]
    assert drawn.first_steps == [before + 1] and before < steps[0] < steps[-1] == 120
    _, last = drawn.points[-1]
    del last["programs_per_second"]
    assert last == {
        "best_fitness": summary["best"]["fitness"],
        "cache_hit_rate": summary["cache_hit_rate"],
        "redundant_share": summary["redundant_share"],
        **{f"outcomes/{status}": count for status, count in summary["outcomes"].items()},
    }
    log = [json.loads(line) for line in (tmp_path / "run.log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log] == ["resumed", "progress", "ended"]
    assert (log[0]["programs"], log[1]["programs"]) == (before, 120)


@pytest.fixture
def read():
    """Return a function that reads a file by TensorBoard's own reader, which checks every sum."""
    from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
    from tensorboard.compat.proto import event_pb2

    event_type: Any = event_pb2
    return lambda path: [
        event_type.Event.FromString(record) for record in RawEventFileLoader(str(path)).Load()
    ]


def test_points_are_read_as_they_were_written(read, tmp_path):
    points = [
        (1, {"a": 0.5, "outcomes/ok": 3.0}),
        (300, {"a": -1e300}),
        (2**40, {"ü" * 100: 1e-3, "a": 1e300}),
    ]
    file = EventFile(tmp_path / "events", 0)
    for step, values in points:
        file.add(step, values)
    file.close()
    (path,) = (tmp_path / "events").iterdir()
    # TensorBoard finds event files by this name.
    assert "tfevents" in path.name
    first, *events = read(path)
    assert first.file_version == "brain.Event:2" and first.wall_time > 1e9
    assert [event.step for event in events] == [step for step, _ in points]
    for event, (_, values) in zip(events, points, strict=True):
        summary = {value.tag: value.simple_value for value in event.summary.value}
        assert summary == pytest.approx(
            {name: max(-3.4028235e38, min(value, 3.4028235e38)) for name, value in values.items()}
        )


def test_later_sessions_come_later_and_end_what_was_beyond_their_beginning(read, tmp_path):
    for first_step in (0, 51, 51, 1000):
        EventFile(tmp_path, first_step).close()
    paths = sorted(tmp_path.iterdir())
    starts = [[(e.step, e.session_log.status) for e in read(path)][1:] for path in paths]
    assert starts == [[], [(51, 1)], [(51, 1)], [(1000, 1)]]


def test_tensorboard_shows_one_point_a_step_after_a_crash(tmp_path):
    """Draw again the points that a killed session drew but did not record."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    first = EventFile(tmp_path, 0)
    for step in (10, 20, 30, 40):
        first.add(step, {"a": 1.0})
    second = EventFile(tmp_path, 25)
    for step in (30, 40):
        second.add(step, {"a": 2.0})
    first.close()
    second.close()
    curves = EventAccumulator(str(tmp_path)).Reload()
    points = [(point.step, point.value) for point in curves.Scalars("a")]
    assert points == [(10, 1.0), (20, 1.0), (30, 2.0), (40, 2.0)]


def test_missing_package_ends_a_run_in_one_line_before_it_begins(invoke_cli, tmp_path, monkeypatch):
    monkeypatch.setattr(tensorboard.importlib.util, "find_spec", lambda name: None)
    config = tmp_path / "small.toml"
    config.write_text(CONFIG)
    words = ("search", config, "--out", tmp_path / "run")
    status, out, err = invoke_cli(*words, "--set", "observability.tensorboard=true")
    assert status == 2 and is_one_line(err) and "pip install lionhunt[tensorboard]" in err
    assert list(tmp_path.iterdir()) == [config]
