"""Event files of TensorBoard: its own reader reads what was written."""

from typing import Any

import pytest

from lionhunt.search.trackers.tensorboard import EventFile


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
