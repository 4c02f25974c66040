"""Curves of a run over its number of programs, as event files for TensorBoard.

The package `tensorboard` is an extra. It takes over a second to import, so only a run that asks for
curves imports it. Its `RecordWriter` writes events in this thread. Its
`EventFileWriter` has another thread: a full disk ends that one, and then blocks the run.
"""

import errno
import importlib.util
import itertools
import time
from collections.abc import Generator, Iterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.errors import ConfigError
from lionhunt.search.log import log

TENSORBOARD = "tensorboard"
"""The folder of event files, beside the records."""
NUM_POINTS, MAX_APART = 1000, 1000
"""Number of points of a curve, and the largest number of programs between two of them.

Points depend on programs, not on seconds: a resumed run has the points of an undisturbed one.
"""
_MAX_FLOAT32 = 3.4028234663852886e38


def require_tensorboard() -> None:
    """Raise `ConfigError` if the package `tensorboard` is not installed."""
    if importlib.util.find_spec("tensorboard") is None:
        raise ConfigError(
            "observability.tensorboard needs the package tensorboard; "
            "run 'pip install lionhunt[tensorboard]', or set it to false"
        )


def draw_progress(
    events: Iterator[RunProgress], folder: Path
) -> Generator[RunProgress, None, None]:
    """Pass on the events of a run, and draw its curves into event files in `folder`.

    If a file cannot be written, this logs the error, and the session draws no more.
    """
    curves = None
    try:
        for progress in events:
            curves = curves or _Curves(folder, progress)
            curves.draw(progress)
            yield progress
    finally:
        if curves is not None:
            curves.close()


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

    def close(self) -> None:
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


class _Curves:
    """The curves that this session has drawn so far."""

    def __init__(self, folder: Path, progress: RunProgress):
        self._folder = folder
        self._every = max(1, min(progress.total // NUM_POINTS, MAX_APART))
        # Of the last point.
        self._num_programs, self._seconds = progress.num_before, 0.0
        self._file: EventFile | None = None
        self._is_failed = False

    def draw(self, progress: RunProgress) -> None:
        """Add a point if one is due."""
        is_next = progress.num_programs // self._every > self._num_programs // self._every
        if self._is_failed or not (is_next or progress.is_done):
            return
        try:
            if self._file is None:
                first_step = progress.num_before + 1 if progress.num_before else 0
                self._file = EventFile(self._folder, first_step)
            self._file.add(progress.num_programs, self._values(progress))
        except OSError as error:
            self._is_failed = True
            log("tensorboard_failed", message=str(error))
        self._num_programs, self._seconds = progress.num_programs, progress.seconds

    def close(self) -> None:
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def _values(self, progress: RunProgress) -> dict[str, float]:
        """Return the point of each curve; the pace is the mean since the last point."""
        seconds = progress.seconds - self._seconds
        values = {
            "cache_hit_rate": progress.num_hits / max(1, progress.num_children),
            "redundant_share": progress.redundant_share,
        }
        if seconds > 0:
            values["programs_per_second"] = (progress.num_programs - self._num_programs) / seconds
        if progress.best is not None:
            values["best_fitness"] = progress.best.fitness_or_neg_inf
        outcomes = {f"outcomes/{status.value}": n for status, n in progress.statuses.items()}
        return values | outcomes
