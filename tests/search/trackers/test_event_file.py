"""Event files, read by the reader of another project."""

import struct
import sys

import pytest

from lionhunt.search.trackers.event_file import EventFile


@pytest.fixture(scope="module")
def tensorboard_x():
    """The package without torch, which takes seconds to import and is not needed to read."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "torch", None)
        from tensorboardX import record_writer
        from tensorboardX.proto import event_pb2
    return record_writer, event_pb2


@pytest.fixture
def read(tensorboard_x):
    """The events of a file; every length and checksum is looked at."""
    record_writer, event_pb2 = tensorboard_x

    def events(path):
        data, place = path.read_bytes(), 0
        while place < len(data):
            header = data[place : place + 8]
            length, crc = struct.unpack("<QI", data[place : place + 12])
            assert crc == record_writer.masked_crc32c(header)
            event = data[place + 12 : place + 12 + length]
            (crc,) = struct.unpack("<I", data[place + 12 + length : place + 16 + length])
            assert crc == record_writer.masked_crc32c(event) and len(event) == length
            yield event_pb2.Event.FromString(event)
            place += 16 + length

    return events


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
    assert "tfevents" in path.name  # by which TensorBoard knows it
    first, *events = read(path)
    assert first.file_version == "brain.Event:2" and first.wall_time > 1e9
    assert [event.step for event in events] == [step for step, _ in points]
    for event, (_, values) in zip(events, points, strict=True):
        told = {value.tag: value.simple_value for value in event.summary.value}
        assert told == pytest.approx(
            {name: max(-3.4028235e38, min(value, 3.4028235e38)) for name, value in values.items()}
        )


def test_later_sessions_come_later_and_end_what_was_beyond_their_beginning(read, tmp_path):
    for first_step in (0, 51, 51, 1000):
        EventFile(tmp_path, first_step).close()
    paths = sorted(tmp_path.iterdir())
    starts = [[(e.step, e.session_log.status) for e in read(path)][1:] for path in paths]
    assert starts == [[], [(51, 1)], [(51, 1)], [(1000, 1)]]
