"""Files of records as SQLite databases: create, open, lock and discard them.

One process writes a file, and holds a lock beside it. Readers open it read-only, and never disturb
the writer. Between writers it is a single file, which you can read on a read-only file system.
"""

import fcntl
import glob
import os
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from lionhunt.search.errors import RecordError, first_line
from lionhunt.search.storage.connection import OutOfTime, connect, execute_patiently, time_limit
from lionhunt.search.storage.schema import FileKind

LOG_SUFFIX = ".log.jsonl"
"""The suffix of the log of events beside a file."""

SCHEMA_SECONDS = 10.0
"""Time limit of reading the list of tables, which takes a millisecond."""

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
    with _sqlite_errors(kind, file), connect(file, "ro") as connection:
        _check_kind(kind, file, connection)
        # The transaction shows one state of a file that another process may change.
        connection.execute("BEGIN")
        _check_schema(kind, file, connection)
        yield file, connection


def _check_kind(kind: FileKind, file: Path, connection: sqlite3.Connection) -> None:
    with decoding(file):
        cursor = execute_patiently(connection, "PRAGMA application_id")
        (application_id,) = cursor.fetchone()
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    if application_id != kind.application_id:
        raise kind.foreign(file)
    if version != kind.version:
        raise RecordError(
            f"{file} has format {version}, this lionhunt reads {kind.version}; "
            "use the version that made it"
        )


def _check_schema(kind: FileKind, file: Path, connection: sqlite3.Connection) -> None:
    """Raise `RecordError` if a file has other tables, views, indices or triggers than its kind.

    SQLite runs what a schema says: a view may never end, and a trigger may delete.
    """
    now, before = _objects(kind.schema), _objects(kind.earlier)
    try:
        with decoding(file), time_limit(connection, SCHEMA_SECONDS):
            query = f"SELECT {_OBJECT} FROM sqlite_schema LIMIT {len(now) + 1}"
            found = [tuple(map(_on_one_line, row)) for row in connection.execute(query)]
    except OutOfTime:
        raise damaged(file, "its list of tables does not end") from None
    for other in sorted({*found} - now - before, key=repr):
        raise damaged(file, f"{other[0]} {other[1]} is not as it was made")
    for missing in sorted(_objects(kind.tables) - {*found}, key=repr):
        raise damaged(file, f"no such {missing[0]}: {missing[1]}")
    if len({each[:2] for each in found}) < len(found):
        raise damaged(file, "it names a table twice")


def _objects(schema: str) -> set[tuple[Any, ...]]:
    """Return type, name, table and SQL of all that a schema makes."""
    with closing(sqlite3.connect(":memory:")) as new:
        new.executescript(schema)
        rows = new.execute(f"SELECT {_OBJECT} FROM sqlite_schema").fetchall()
    return {tuple(map(_on_one_line, row)) for row in rows}


_OBJECT = "type, name, tbl_name, sql"


def _on_one_line(value: Any) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def recover(kind: FileKind, path: Path) -> None:
    """Undo the write in which another process was killed, if there is one; SQLite has a journal.

    Raises:
        RecordError: the journal is not of this file, or the file cannot be written.
    """
    file = kind.locate(path)
    journal = file.with_name(f"{file.name}-journal")
    if not journal.is_file():
        return
    with _lock(file), _sqlite_errors(kind, file):
        with journal.open("rb") as opened:
            opened.seek(-min(len(_JOURNAL_MAGIC), journal.stat().st_size), os.SEEK_END)
            # SQLite would remove the file that the end of the journal names.
            if opened.read() == _JOURNAL_MAGIC:
                raise damaged(file, f"{journal.name} names other files")
        with connect(file, "rw") as connection:
            # SQLite undoes the write before it reads anything.
            connection.execute("PRAGMA application_id").fetchone()


# https://www.sqlite.org/fileformat.html#the_rollback_journal
_JOURNAL_MAGIC = bytes.fromhex("d9d505f920a163d7")


def _check_exists(kind: FileKind, file: Path) -> None:
    if not file.is_file():
        raise RecordError(f"no {kind.noun} at {file}; start one with '{kind.start_command}'")


@contextmanager
def decoding(file: Path) -> Iterator[None]:
    """Convert decoding errors raised in the body to a 'file is damaged' error."""
    try:
        yield
    except (ValueError, LookupError, TypeError, OverflowError, RecursionError) as error:
        raise damaged(file, error) from error
    except sqlite3.Error as error:
        if _code(error) != sqlite3.SQLITE_ERROR:
            raise
        raise damaged(file, error) from error


def damaged(file: Path, problem: object) -> RecordError:
    """Return the error for a file that is not as it was written."""
    text = first_line(problem)[:200]
    return RecordError(f"{file} is damaged ({text}); it was left alone: continue from a copy of it")


@contextmanager
def _writing(kind: FileKind, file: Path) -> Iterator[sqlite3.Connection]:
    with _sqlite_errors(kind, file), connect(file, "rw") as connection:
        _check_kind(kind, file, connection)
        _check_schema(kind, file, connection)
        execute_patiently(connection, "PRAGMA journal_mode = WAL")
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
def _lock(file: Path) -> Iterator[None]:
    """Keep other writers out; the system releases the lock however this process ends."""
    _check_no_links(file)
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


def is_locked(file: Path) -> bool:
    """Return whether a process is writing a file; nothing is made or changed."""
    try:
        with file.with_suffix(".lock").open("rb") as lock:
            # Another reader may ask at the same moment, so this lock is shared.
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
    except BlockingIOError:
        return True
    except OSError:
        return False


def _check_no_links(file: Path) -> None:
    """Raise `RecordError` if the file, or one that is written beside it, is a link.

    A folder that came from somebody else may hold links to files of yours.
    """
    for path in file.parent.glob(f"{glob.escape(file.stem)}.*"):
        if path.is_symlink():
            raise RecordError(
                f"{path} is a link, so nothing was written; copy the file in its place"
            )


@contextmanager
def _sqlite_errors(kind: FileKind, file: Path) -> Iterator[None]:
    """Convert SQLite's errors about a file to a `RecordError`; one about a statement is a bug."""
    try:
        yield
    except sqlite3.Error as error:
        if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_READONLY_ROLLBACK:
            raise RecordError(
                f"{file} was left in the middle of a write; undo it with: "
                f"{kind.way_on(file.parent)}"
            ) from None
        match _code(error):
            case sqlite3.SQLITE_NOTADB:
                raise kind.foreign(file) from None
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_TOOBIG:
                raise damaged(file, error) from error
            case sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from None
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
