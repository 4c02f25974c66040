"""Files of records as SQLite databases: create, open, lock and discard them.

One process writes a file, and holds a lock beside it. Readers open it read-only, and never disturb
the writer. Between writers it is a single file, which you can read on a read-only file system.
"""

import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import filelock

from lionhunt.search.errors import RecordError, first_line
from lionhunt.search.storage.schema import FileKind

LOG_SUFFIX = ".log.jsonl"
"""The suffix of the log of events beside a file."""

NUM_READER_TRIES = 50
"""Tenths of a second that a writer waits for readers before it closes the file.

After that its write-ahead log stays beside the file; readers and the next writer use it.
"""

Opened = tuple[Path, sqlite3.Connection]


@contextmanager
def create(
    kind: FileKind,
    folder: Path,
    fill: Callable[[sqlite3.Connection], None],
    is_begun: Callable[[sqlite3.Connection], bool],
) -> Iterator[Opened]:
    """Create a file and open it to write; discard it if the body fails before any result.

    Args:
        kind: of the file.
        folder: without a file of that kind; it is made if it is missing.
        fill: makes the tables.
        is_begun: returns whether the file holds a result.
    """
    file, is_new_folder = folder / kind.file_name, not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot make {folder}: {error.strerror}; choose another --out") from None
    try:
        with _lock(file):
            kind.check_free(folder)
            older_files = set(folder.iterdir())
            is_kept = False
            try:
                _make(kind, file, fill)
                # After an interrupt, you can continue with the file.
                is_kept = True
                with _writing(kind, file) as connection:
                    try:
                        yield file, connection
                    except Exception:
                        is_kept = is_begun(connection)
                        raise
            finally:
                # This process still holds the lock, so no other process can use the file.
                if not is_kept:
                    _discard(file, but=older_files)
    finally:
        if is_new_folder:
            # A folder with other files in it stays.
            with suppress(OSError):
                folder.rmdir()


def _discard(file: Path, but: Collection[Path]) -> None:
    """Remove a file without results, and the files beside it except for those of `but`."""
    for suffix in (".new", ".sqlite", ".sqlite-wal", ".sqlite-shm", LOG_SUFFIX):
        if (path := file.with_suffix(suffix)) not in but:
            path.unlink(missing_ok=True)
    file.with_suffix(".lock").unlink(missing_ok=True)


def _make(kind: FileKind, file: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Make a complete file before it gets its name, so that it is never half made."""
    unfinished = file.with_suffix(".new")
    unfinished.unlink(missing_ok=True)
    with _sqlite_errors(kind, file):
        with closing(sqlite3.connect(unfinished)) as connection:
            connection.execute(f"PRAGMA application_id = {kind.application_id}")
            connection.execute(f"PRAGMA user_version = {kind.version}")
            fill(connection)
            connection.commit()
    os.replace(unfinished, file)


@contextmanager
def open_to_write(kind: FileKind, path: Path) -> Iterator[Opened]:
    """Open an undamaged file to write, and begin a transaction."""
    file = kind.locate(path)
    with _lock(file):
        # Another process may have removed the file.
        _check_exists(kind, file)
        with _writing(kind, file) as connection:
            yield file, connection


@contextmanager
def open_to_read(kind: FileKind, path: Path) -> Iterator[Opened]:
    """Open a file to read its present state; an error of SQLite becomes a `RecordError`."""
    file = kind.locate(path)
    _check_exists(kind, file)
    with _sqlite_errors(kind, file), _connect(file, "ro") as connection:
        with decoding(file):
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application_id != kind.application_id:
            raise kind.foreign(file)
        if version != kind.version:
            raise RecordError(
                f"{file} has format {version}, this lionhunt reads {kind.version}; "
                "use the version that made it"
            )
        # The transaction shows one state of a file that another process may change.
        connection.execute("BEGIN")
        with decoding(file):
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        yield file, connection


def _check_exists(kind: FileKind, file: Path) -> None:
    if not file.is_file():
        raise RecordError(f"no {kind.noun} at {file}; start one with '{kind.start_command}'")


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Convert decoding errors raised in the body to a 'file is damaged' error."""
    try:
        yield
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise damaged(file, error) from error
    except sqlite3.Error as error:
        if _code(error) != sqlite3.SQLITE_ERROR:
            raise
        raise damaged(file, error) from error


def damaged(file: Path, problem: object) -> RecordError:
    """Return the error for a file that is not as it was written."""
    return RecordError(
        f"{file} is damaged ({first_line(problem)}); it was left alone: continue from a copy of it"
    )


@contextmanager
def _writing(kind: FileKind, file: Path) -> Iterator[sqlite3.Connection]:
    with _sqlite_errors(kind, file), _connect(file, "rw") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            # The disk may be full, or a reader slow.
            with suppress(sqlite3.Error):
                connection.rollback()
                _leave_one_file(connection)


def _leave_one_file(connection: sqlite3.Connection) -> None:
    """Merge the write-ahead log into the file, and wait for readers, which block its removal."""
    # A passive checkpoint merges the log even while others read.
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")
    for is_last in [False] * NUM_READER_TRIES + [True]:
        try:
            connection.execute("PRAGMA journal_mode = DELETE")
            return
        except sqlite3.OperationalError as error:
            if is_last or "locked" not in str(error):
                raise
            time.sleep(0.1)


@contextmanager
def _connect(file: Path, mode: str) -> Iterator[sqlite3.Connection]:
    uri = f"{file.resolve().as_uri()}?mode={mode}"
    connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def _lock(file: Path) -> Iterator[None]:
    """Keep other writers out; the system releases the lock however this process ends."""
    lock = filelock.FileLock(file.with_suffix(".lock"), timeout=0)
    try:
        lock.acquire()
    except filelock.Timeout:
        raise RecordError(
            f"another process is running {file.parent}; wait for it or stop it"
        ) from None
    except OSError as error:
        raise RecordError(
            f"cannot write in {file.parent}: {error.strerror}; choose another --out"
        ) from None
    try:
        yield
    finally:
        lock.release()


@contextmanager
def _sqlite_errors(kind: FileKind, file: Path) -> Iterator[None]:
    """Convert SQLite's errors about a file to a `RecordError`; one about a statement is a bug."""
    try:
        yield
    except sqlite3.Error as error:
        match _code(error):
            case sqlite3.SQLITE_NOTADB:
                raise kind.foreign(file) from None
            case sqlite3.SQLITE_CORRUPT:
                raise damaged(file, error) from error
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                raise RecordError(f"another program has {file} open; try again") from None
            case (
                sqlite3.SQLITE_FULL
                | sqlite3.SQLITE_IOERR
                | sqlite3.SQLITE_READONLY
                | sqlite3.SQLITE_CANTOPEN
            ):
                raise RecordError(
                    f"{file}: {error}; make room or give permission, and resume"
                ) from error
            case _:
                raise


def _code(error: sqlite3.Error) -> int | None:
    """Return SQLite's primary code of an error; None for an error of Python's module."""
    # Python's module raises this for a text that is not UTF-8.
    if "decode to UTF-8" in str(error):
        return sqlite3.SQLITE_CORRUPT
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
