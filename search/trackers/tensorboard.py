"""Curves of a run as event files for TensorBoard.

TensorBoard's `RecordWriter` writes events in this thread. Its `EventFileWriter` has another
thread: a full disk ends that one, and then blocks the run.
"""

import errno
import itertools
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

FOLDER = "tensorboard"
"""The folder of event files, beside the records."""
_MAX_FLOAT32 = 3.4028234663852886e38


class EventFile:
    """The event file of one session.

    Args:
        folder: folder of all sessions; it is made if missing.
        first_step: first step of this session. If it is not 0, TensorBoard discards points of
            earlier sessions from this step on.

    Raises:
        OSError: the file cannot be written.
    """

    def __init__(self, folder: Path, first_step: int):
        from tensorboard.compat.proto import event_pb2, summary_pb2
        from tensorboard.summary.writer.record_writer import RecordWriter

        # The classes are made at run time, so a type checker does not see them.
        self._proto: Any = event_pb2
        summaries: Any = summary_pb2
        self._summary = summaries.Summary
        if folder.is_symlink():
            raise FileExistsError(errno.EEXIST, "it is a link; remove it", str(folder))
        folder.mkdir(exist_ok=True)
        self._writer = RecordWriter(_open_new(folder, first_step))
        self._write(file_version="brain.Event:2")
        if first_step:
            start = self._proto.SessionLog(status=self._proto.SessionLog.START)
            self._write(step=first_step, session_log=start)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Add a point to each curve, by its name."""
        points = [
            self._summary.Value(tag=name, simple_value=max(-_MAX_FLOAT32, min(x, _MAX_FLOAT32)))
            for name, x in values.items()
        ]
        self._write(step=step, summary=self._summary(value=points))

    def close(self, is_done: bool = True) -> None:
        """Close the file."""
        self._writer.close()

    def _write(self, **fields: Any) -> None:
        event = self._proto.Event(wall_time=time.time(), **fields)
        self._writer.write(event.SerializeToString())
        self._writer.flush()


def _open_new(folder: Path, first_step: int) -> BinaryIO:
    """Open a new file; TensorBoard reads the files of a folder in the order of their names."""
    for number in itertools.count():
        name = f"events.out.tfevents.{first_step:012}.{number:03}"
        with suppress(FileExistsError):
            return (folder / name).open("xb")
    raise AssertionError
