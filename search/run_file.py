"""The file of a run, as a file: made, opened, locked, and left alone if it is not one.

It is a SQLite database. One process writes it, and holds a lock beside it; readers open it
read-only and never disturb the run. At rest it is one file, readable where nothing can be written.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import filelock

FILE_NAME = "run.sqlite"
APPLICATION_ID = 0x4C494F4E  # "LION"
SCHEMA_VERSION = 1


class RecordError(Exception):
    """A run's file that cannot be used: one line that says why and what to do."""


Opened = tuple[Path, sqlite3.Connection]


def locate(path: Path) -> Path:
    """The file of the run that `path` names: a run's folder, or the file itself."""
    return path / FILE_NAME if path.is_dir() else path


def check_free(folder: Path) -> None:
    """Raises `RecordError` if the folder holds a run: results are never overwritten."""
    if (folder / FILE_NAME).exists():
        raise RecordError(
            f"{folder} holds a run; continue it with 'lionhunt resume {folder}', "
            "or choose another --out"
        )


@contextmanager
def create(folder: Path, fill: Callable[[sqlite3.Connection], None]) -> Iterator[Opened]:
    """Makes a file that `fill` gives its tables, and opens it to write."""
    file = folder / FILE_NAME
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise RecordError(f"cannot make {folder}: {error.strerror}; choose another --out") from None
    with _lock(file):
        check_free(folder)
        # Complete before it has its name: a run's file is never half made.
        unfinished = file.with_suffix(".new")
        unfinished.unlink(missing_ok=True)
        with _sqlite_errors(file):
            connection = sqlite3.connect(unfinished)
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            fill(connection)
            connection.commit()
            connection.close()
        os.replace(unfinished, file)
        with _writing(file) as connection:
            yield file, connection


def discard(folder: Path, *, and_folder: bool) -> None:
    """Removes a file that this process made and that holds nothing, and its folder if asked to."""
    for suffix in (".sqlite", ".lock"):
        (folder / FILE_NAME).with_suffix(suffix).unlink(missing_ok=True)
    if and_folder:
        with suppress(OSError):  # something else is in it
            folder.rmdir()


@contextmanager
def open_to_write(path: Path) -> Iterator[Opened]:
    """Opens a file that was found sound, with a transaction begun."""
    file = locate(path)
    with _lock(file), _writing(file) as connection:
        yield file, connection


@contextmanager
def open_to_read(path: Path) -> Iterator[Opened]:
    """Opens a file as it is now; whatever cannot be read of it is a `RecordError`."""
    file = locate(path)
    if not file.is_file():
        raise RecordError(f"no run at {file}; start one with 'lionhunt search CONFIG'")
    try:
        with _sqlite_errors(file), _connect(file, "ro") as connection:
            if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
                raise RecordError(f"{file} is not a run of lionhunt; it was left alone")
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version != SCHEMA_VERSION:
                raise RecordError(
                    f"{file} has format {version}, this lionhunt reads {SCHEMA_VERSION}; "
                    "use the version that made it"
                )
            connection.execute("BEGIN")  # one state of a run that goes on
            yield file, connection
    except (
        ValueError,
        KeyError,
        TypeError,
        OverflowError,
    ) as error:  # of its content
        raise RecordError(_damaged(file, error)) from error


def _damaged(file: Path, error: Exception) -> str:
    reason = str(error).partition("\n")[0]
    return f"{file} is damaged ({reason}); it was left alone: go on from a copy of it"


@contextmanager
def _writing(file: Path) -> Iterator[sqlite3.Connection]:
    with _sqlite_errors(file), _connect(file, "rw") as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.execute("BEGIN")
        try:
            yield connection
        finally:
            with suppress(sqlite3.Error):  # of a full disk, or a reader that has it open
                connection.rollback()
                connection.execute("PRAGMA journal_mode = DELETE")


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
def _sqlite_errors(file: Path) -> Iterator[None]:
    """Turns what SQLite says of a bad file into one line."""
    try:
        yield
    except sqlite3.Error as error:
        message = str(error)
        if "not a database" in message:
            raise RecordError(f"{file} is not a run of lionhunt; it was left alone") from None
        if "locked" in message:
            raise RecordError(f"another program has {file} open; try again") from None
        if any(
            word in message for word in ("disk I/O", "disk is full", "readonly", "unable to open")
        ):
            raise RecordError(
                f"{file}: {message}; make room or give permission, and resume"
            ) from error
        raise RecordError(_damaged(file, error)) from error
