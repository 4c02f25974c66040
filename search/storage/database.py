"""The file of a run or a selection, as a file: made, opened, locked, and left alone if it is none.

It is a SQLite database. One process writes it, and holds a lock beside it; readers open it
read-only and never disturb it. At rest it is one file, readable where nothing can be written.
"""

import os
import shutil
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import filelock

from lionhunt.search.errors import RecordError
from lionhunt.search.storage.schema import FileKind

CACHE = "cache"
"""The folder beside it for what can be made again, and can be deleted at any time."""


NUM_READER_TRIES = 50
"""Tenths of a second that a writer waits at its end for readers; after that its log stays beside
the file, which readers and the next writer know."""


LOG_SUFFIX = ".log.jsonl"
"""Of the log beside it."""


Opened = tuple[Path, sqlite3.Connection]


@contextmanager
def create(
    kind: FileKind,
    folder: Path,
    fill: Callable[[sqlite3.Connection], None],
    is_begun: Callable[[sqlite3.Connection], bool],
) -> Iterator[Opened]:
    """Makes a file and opens it to write; if that or the body fails before a result, it goes.

    Args:
        kind: of the file.
        folder: holds none of that kind; it is made if need be.
        fill: gives the file its tables.
        is_begun: whether it holds a result.
    """
    file, is_new_folder = folder / kind.file_name, not folder.exists()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot make {folder}: {error.strerror}; choose another --out") from None
    try:
        with _lock(file):
            kind.check_free(folder)
            there = set(folder.iterdir())
            is_kept = False
            try:
                _make(kind, file, fill)
                is_kept = True  # whoever interrupts it goes on with it
                with _writing(kind, file) as connection:
                    try:
                        yield file, connection
                    except Exception:
                        is_kept = is_begun(connection)
                        raise
            finally:
                if not is_kept:  # the lock goes while it is held: who waits for it begins anew
                    _discard(file, but=there)
    finally:
        if is_new_folder:
            with suppress(OSError):  # something is in it
                folder.rmdir()


def _discard(file: Path, but: Collection[Path]) -> None:
    """Removes a file that holds nothing, and what came to be beside it."""
    for suffix in (".new", ".sqlite", ".sqlite-wal", ".sqlite-shm", LOG_SUFFIX):
        if (path := file.with_suffix(suffix)) not in but:
            path.unlink(missing_ok=True)
    file.with_suffix(".lock").unlink(missing_ok=True)  # holds nothing by itself
    if (cache := file.with_name(CACHE)) not in but:
        shutil.rmtree(cache, ignore_errors=True)


def _make(kind: FileKind, file: Path, fill: Callable[[sqlite3.Connection], None]) -> None:
    """Makes a file that is complete before it has its name, so that it is never half made."""
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
    """Opens a file that was found sound, with a transaction begun."""
    file = kind.locate(path)
    with _lock(file):
        _check_there(kind, file)  # it may have gone meanwhile
        with _writing(kind, file) as connection:
            yield file, connection


@contextmanager
def open_to_read(kind: FileKind, path: Path) -> Iterator[Opened]:
    """Opens a file as it is now; what SQLite cannot read of it is a `RecordError`."""
    file = kind.locate(path)
    _check_there(kind, file)
    with _sqlite_errors(kind, file), _connect(file, "ro") as connection:
        with making_sense_of(file):
            (application_id,) = connection.execute("PRAGMA application_id").fetchone()
            (version,) = connection.execute("PRAGMA user_version").fetchone()
        if application_id != kind.application_id:
            raise kind.foreign(file)
        if version != kind.version:
            raise RecordError(
                f"{file} has format {version}, this lionhunt reads {kind.version}; "
                "use the version that made it"
            )
        connection.execute("BEGIN")  # one state of what goes on
        with making_sense_of(file):
            connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()
        yield file, connection


def _check_there(kind: FileKind, file: Path) -> None:
    if not file.is_file():
        raise RecordError(f"no {kind.noun} at {file}; start one with '{kind.start}'")


@contextmanager
def making_sense_of(file: Path) -> Iterator[None]:
    """Of what a file holds, and of nothing else: where that fails, the file is damaged."""
    try:
        yield
    except (ValueError, KeyError, TypeError, OverflowError) as error:
        raise damaged(file, error) from error
    except sqlite3.Error as error:
        if _code(error) != sqlite3.SQLITE_ERROR:
            raise
        raise damaged(file, error) from error


def damaged(file: Path, reason: object) -> RecordError:
    """What is to be said of a file that is not as it was written."""
    line = str(reason).partition("\n")[0]
    return RecordError(f"{file} is damaged ({line}); it was left alone: go on from a copy of it")


@contextmanager
def _writing(kind: FileKind, file: Path) -> Iterator[sqlite3.Connection]:
    with _sqlite_errors(kind, file), _connect(file, "rw") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            with suppress(sqlite3.Error):  # of a full disk, or a reader that takes its time
                connection.rollback()
                _leave_one_file(connection)


def _leave_one_file(connection: sqlite3.Connection) -> None:
    """Takes the write-ahead log into the file; readers, who are in the way, are waited for."""
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)")  # so that all is in it, whoever reads
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
    """Keeps other writers out; the system lets go of it when this process ends, however it does."""
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
    """Turns what SQLite says of a file into one line; what it says of a statement is a bug."""
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
    """SQLite's primary code of an error; None for an error of Python's module."""
    if "decode to UTF-8" in str(error):  # the module's word for a text that is none
        return sqlite3.SQLITE_CORRUPT
    code = getattr(error, "sqlite_errorcode", None)
    return None if code is None else code & 0xFF
