"""A log of events with their times, one line of JSON each. It is for people; no result reads it.

Any part of `search` calls `log`. Events go to a file inside `write_log`, and nowhere outside of it.
A line that cannot be written is lost and counted; the program continues.
"""

import datetime
import json
import logging
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_LOGGER = logging.getLogger("lionhunt")
_LOGGER.addHandler(logging.NullHandler())


def log(event: str, **fields: Any) -> None:
    """Log an event; fields are JSON values."""
    _LOGGER.info(event, extra={"fields": fields})


def warn(message: str) -> None:
    """Log a line that you should see as it happens; it is printed inside `print_warnings`."""
    _LOGGER.warning(message)


@contextmanager
def print_warnings() -> Iterator[None]:
    """Print the warnings of the body to the standard error output."""
    handler = _Printer(logging.WARNING)
    _LOGGER.addHandler(handler)
    try:
        yield
    finally:
        _LOGGER.removeHandler(handler)


@contextmanager
def write_log(file: Path) -> Iterator[None]:
    """Append the events of the body to a file, which is created if it is missing."""
    handler, level = _JsonLines(file), _LOGGER.level
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        _LOGGER.removeHandler(handler)
        _LOGGER.setLevel(level)


class _Printer(logging.Handler):
    """A handler that prints; a display may have replaced `sys.stderr`, so it is looked up."""

    def emit(self, record: logging.LogRecord) -> None:
        print(f"lionhunt: {record.getMessage()}", file=sys.stderr, flush=True)


class _JsonLines(logging.Handler):
    """A handler that appends to a file; it first ends a line that a killed process left torn."""

    def __init__(self, file: Path):
        super().__init__()
        self._file = file
        self._num_lost = 0

    def emit(self, record: logging.LogRecord) -> None:
        now = datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
        if record.levelno >= logging.WARNING:
            fields: dict[str, Any] = {"event": "warning", "message": record.getMessage()}
        else:
            fields = {"event": record.getMessage(), **getattr(record, "fields", {})}
        line = {"time": now, **fields}
        if self._num_lost:
            line["lost_before"] = self._num_lost
        try:
            with self._file.open("a+b") as file:
                if file.tell():
                    file.seek(-1, os.SEEK_END)
                torn = b"\n" if file.read(1) not in (b"", b"\n") else b""
                file.write(torn + json.dumps(line, default=str).encode() + b"\n")
        except OSError:
            self._num_lost += 1
        else:
            self._num_lost = 0
