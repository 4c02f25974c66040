"""Connections to SQLite files that somebody else may have made, so that nothing in them is trusted.

A statement in SQLite runs outside Python. A progress handler calls back into Python, where handlers
of signals run, such as that of Ctrl-C. What they raise ends the statement with SQLITE_INTERRUPT.
"""

import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

MAX_VALUE = 16 * 2**20
"""Bytes of the largest value and of the largest row; no record comes near."""

BUSY_SECONDS = 2.0
"""Time that SQLite waits for another program, which heeds no Ctrl-C."""
MAX_BUSY_SECONDS = 30.0
"""Time of `execute_patiently`."""

_STEPS_BETWEEN_SIGNALS = 10_000
_LIMITS = {
    sqlite3.SQLITE_LIMIT_LENGTH: MAX_VALUE,
    sqlite3.SQLITE_LIMIT_COLUMN: 200,
    sqlite3.SQLITE_LIMIT_ATTACHED: 0,
    sqlite3.SQLITE_LIMIT_TRIGGER_DEPTH: 1,
}


class OutOfTime(Exception):
    """A statement that ran when its time was over."""


@contextmanager
def connect(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    """Yield a connection that heeds signals, and closes after the body.

    Args:
        file: an existing file.
        mode: "ro" or "rw".
    """
    uri = f"{file.resolve().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=BUSY_SECONDS, isolation_level=None)
    try:
        for limit, value in _LIMITS.items():
            connection.setlimit(limit, value)
        connection.execute("PRAGMA trusted_schema = OFF")
        connection.execute("PRAGMA cell_size_check = ON")
        connection.set_progress_handler(lambda: 0, _STEPS_BETWEEN_SIGNALS)
        yield connection
    finally:
        connection.close()


def execute_patiently(connection: sqlite3.Connection, statement: str) -> sqlite3.Cursor:
    """Execute a statement that may need the file for itself; wait for other programs meanwhile."""
    end = time.monotonic() + MAX_BUSY_SECONDS
    while True:
        try:
            return connection.execute(statement)
        except sqlite3.OperationalError as error:
            if primary_code(error) != sqlite3.SQLITE_BUSY or time.monotonic() >= end:
                raise


@contextmanager
def time_limit(connection: sqlite3.Connection, seconds: float | None) -> Iterator[None]:
    """End a statement of the body that runs when the time is over, with `OutOfTime`.

    Args:
        connection: of the statement.
        seconds: from now; None or 0 for no limit.
    """
    if not seconds:
        yield
        return
    end = time.monotonic() + seconds
    # Some steps, such as counting rows, never call the progress handler.
    timer = threading.Timer(seconds, connection.interrupt)
    timer.daemon = True
    timer.start()
    try:
        yield
    except sqlite3.OperationalError as error:
        if primary_code(error) == sqlite3.SQLITE_INTERRUPT and time.monotonic() >= end:
            raise OutOfTime from None
        raise
    finally:
        timer.cancel()
        timer.join()


def primary_code(error: Exception) -> int:
    """Return SQLite's primary code of an error; that of a wrong statement if it has none."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
