"""The run's file: one SQLite database that is its history, its cache and its checkpoint.

One writer, which holds a lock beside the file; readers open it read-only and never disturb the run.
What is written is never changed. Tables:

    run          key, value (JSON): config, initial program, tasks, versions
    individuals  one row a program, by birth; written in order, once all before it have an outcome
    outcomes     one row a fingerprint, written when a worker is done with it
"""

import dataclasses
import hashlib
import json
import math
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import filelock

from dsl.text import parse
from search.evolution import Individual
from search.outcome import Measurement, Outcome, Reason

FILE_NAME = "run.sqlite"
APPLICATION_ID = 0x4C494F4E  # "LION"
SCHEMA_VERSION = 1

_SCHEMA = f"""
PRAGMA application_id = {APPLICATION_ID};
PRAGMA user_version = {SCHEMA_VERSION};
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE individuals (
    "index" INTEGER PRIMARY KEY, parent INTEGER, mutation TEXT NOT NULL, num_draws INTEGER NOT NULL,
    program TEXT NOT NULL, fingerprint TEXT NOT NULL,
    num_statements INTEGER NOT NULL, num_needed INTEGER NOT NULL
) STRICT;
CREATE TABLE outcomes (
    fingerprint TEXT PRIMARY KEY, reason TEXT NOT NULL, fitness REAL,
    scores TEXT NOT NULL, curves TEXT NOT NULL, seconds REAL NOT NULL
) STRICT, WITHOUT ROWID;
"""


class RecordError(Exception):
    """A run's file that cannot be used: one line that says why and what to do."""


@dataclasses.dataclass(frozen=True, slots=True)
class Row:
    """One individual with its outcome, as recorded.

    Attributes:
        individual: the program and where it came from.
        fingerprint: what it computes.
        num_statements, num_needed: its length, and how much of it matters.
        fitness: None if it has none.
        reason: of the outcome.
    """

    individual: Individual
    fingerprint: str
    num_statements: int
    num_needed: int
    fitness: float | None
    reason: Reason

    @property
    def rank(self) -> float:
        """The fitness, or minus infinity if there is none: what tournaments compare."""
        return -math.inf if self.fitness is None else self.fitness


def run_file(path: Path) -> Path:
    """The file of the run that `path` names: a run's folder, or the file itself."""
    return path / FILE_NAME if path.is_dir() else path


class Records:
    """An open run's file. Use `create`, `open_to_write` or `open_to_read`."""

    def __init__(self, path: Path, connection: sqlite3.Connection, lock: Any = None):
        self.path = path
        self._connection = connection
        self._lock = lock

    @classmethod
    @contextmanager
    def create(cls, path: Path, info: dict[str, Any]) -> Iterator["Records"]:
        """Makes a new run in the folder `path`, and opens it to write.

        Args:
            path: a folder that does not hold a run; it is made if need be.
            info: what the run is, JSON values by key.

        Raises:
            RecordError: there is a run already, or the folder cannot be written.
        """
        file = path / FILE_NAME
        try:
            path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise RecordError(f"cannot make {path}: {error.strerror}; choose another") from None
        with _lock(file) as lock:
            if file.exists():
                raise RecordError(
                    f"{path} holds a run; continue it with 'lionhunt resume {path}', "
                    "or choose another --out"
                )
            # Complete before it has its name: a run's file is never half made.
            unfinished = file.with_suffix(".new")
            unfinished.unlink(missing_ok=True)
            with _errors(file):
                connection = sqlite3.connect(unfinished)
                connection.executescript(_SCHEMA)
                rows = ((key, json.dumps(value)) for key, value in info.items())
                connection.executemany("INSERT INTO run VALUES (?, ?)", rows)
                connection.commit()
                connection.close()
                os.replace(unfinished, file)
            with cls._open(file, "rw", lock) as records:
                yield records

    @classmethod
    @contextmanager
    def open_to_write(cls, path: Path) -> Iterator["Records"]:
        """Opens a run to go on with it.

        Raises:
            RecordError: it is not a run, it is damaged, or another process writes it.
        """
        file = run_file(path)
        with cls.open_to_read(file):
            pass  # before anything is touched
        with _lock(file) as lock, cls._open(file, "rw", lock) as records:
            yield records

    @classmethod
    @contextmanager
    def open_to_read(cls, path: Path) -> Iterator["Records"]:
        """Opens a run to look at it; it may be running.

        Raises:
            RecordError: it is not a run, or it is damaged.
        """
        with cls._open(run_file(path), "ro", None) as records:
            yield records

    @classmethod
    @contextmanager
    def _open(cls, file: Path, mode: str, lock: Any) -> Iterator["Records"]:
        if not file.is_file():
            raise RecordError(f"no run at {file}; start one with 'lionhunt search CONFIG'")
        with _errors(file):
            uri = f"{file.resolve().as_uri()}?mode={mode}"
            connection = sqlite3.connect(uri, uri=True, timeout=30, isolation_level=None)
            try:
                if connection.execute("PRAGMA application_id").fetchone() != (APPLICATION_ID,):
                    raise RecordError(f"{file} is not a run of lionhunt; it was left alone")
                (version,) = connection.execute("PRAGMA user_version").fetchone()
                if version != SCHEMA_VERSION:
                    raise RecordError(
                        f"{file} has format {version}, this lionhunt reads {SCHEMA_VERSION}; "
                        "use the version that made it"
                    )
                if mode == "rw":
                    connection.execute("PRAGMA journal_mode = WAL")
                    connection.execute("PRAGMA synchronous = NORMAL")
                    connection.execute("BEGIN")
                yield cls(file, connection, lock)
                if mode == "rw":
                    connection.execute("COMMIT")
                    # A run at rest is one file, readable where nothing can be written.
                    with suppress(sqlite3.OperationalError):  # a reader has it open
                        connection.execute("PRAGMA journal_mode = DELETE")
            finally:
                connection.close()

    # Writing.

    def add_individual(self, row: Row) -> None:
        """Appends one individual; the outcome of its fingerprint must be there."""
        individual = row.individual
        self._connection.execute(
            "INSERT INTO individuals VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                individual.index,
                individual.parent,
                individual.mutation,
                individual.num_draws,
                str(individual.program),
                row.fingerprint,
                row.num_statements,
                row.num_needed,
            ),
        )

    def add_outcome(self, fingerprint: str, outcome: Outcome) -> None:
        """Keeps an outcome."""
        measurement = outcome.measurement
        self._connection.execute(
            "INSERT INTO outcomes VALUES (?, ?, ?, ?, ?, ?)",
            (
                fingerprint,
                measurement.reason,
                outcome.fitness,
                json.dumps(measurement.scores),
                json.dumps([[repr(loss) for loss in curve] for curve in measurement.curves]),
                measurement.seconds,
            ),
        )

    def commit(self) -> None:
        """Makes everything added so far last."""
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")

    # Reading.

    def info(self) -> dict[str, Any]:
        """What the run is."""
        rows = self._query("SELECT key, value FROM run")
        return {key: json.loads(value) for key, value in rows}

    def count(self) -> int:
        """Individuals recorded."""
        return self._query("SELECT count(*) FROM individuals")[0][0]

    def rows(self, start: int = 0) -> Iterator[Row]:
        """Individuals from number `start`, in order."""
        cursor = self._connection.execute(f'{_ROWS} WHERE "index" >= ? ORDER BY "index"', (start,))
        return map(_to_row, cursor)

    def row(self, index: int) -> Row:
        """One individual; raises `RecordError` if there is none of that number."""
        for found in self._query(f'{_ROWS} WHERE "index" = ?', index):
            return _to_row(found)
        count = self.count()
        has = f"it has 0 to {count - 1}" if count else "it has none yet"
        raise RecordError(f"{self.path.parent} has no program {index}; {has}")

    def best(self) -> Row | None:
        """The fittest individual; the first of equals; None before any has a fitness."""
        order = 'ORDER BY fitness DESC, "index" LIMIT 1'
        found = self._query(f"{_ROWS} WHERE fitness IS NOT NULL {order}")
        return _to_row(found[0]) if found else None

    def outcome_summaries(self) -> dict[str, tuple[float | None, Reason]]:
        """Fitness and reason of every fingerprint that has an outcome."""
        rows = self._query("SELECT fingerprint, fitness, reason FROM outcomes")
        return {name: (fitness, Reason(reason)) for name, fitness, reason in rows}

    def measurement(self, fingerprint: str) -> Measurement | None:
        """What was seen of a fingerprint; None if nothing."""
        query = "SELECT reason, scores, curves, seconds FROM outcomes WHERE fingerprint = ?"
        for reason, scores, curves, seconds in self._query(query, fingerprint):
            return Measurement(
                Reason(reason),
                tuple(json.loads(scores)),
                tuple(tuple(map(float, curve)) for curve in json.loads(curves)),
                seconds,
            )
        return None

    def reasons(self) -> dict[Reason, int]:
        """How many of the fingerprints among the individuals have each outcome."""
        query = """SELECT reason, count(*) FROM outcomes
            WHERE fingerprint IN (SELECT fingerprint FROM individuals) GROUP BY reason"""
        return {Reason(reason): count for reason, count in self._query(query)}

    def num_evaluated(self) -> int:
        """Different fingerprints among the individuals."""
        return self._query("SELECT count(DISTINCT fingerprint) FROM individuals")[0][0]

    def seconds(self) -> float:
        """Wall clock that all evaluations took together."""
        return self._query("SELECT coalesce(sum(seconds), 0.0) FROM outcomes")[0][0]

    def lengths(self, last: int) -> list[tuple[int, int]]:
        """Statements and needed statements of the last so many individuals, in order."""
        query = """SELECT num_statements, num_needed FROM individuals
            ORDER BY "index" DESC LIMIT ?"""
        return self._query(query, last)[::-1]

    def fingerprints(self) -> set[str]:
        """Of all individuals."""
        return {name for (name,) in self._query("SELECT DISTINCT fingerprint FROM individuals")}

    def lineage(self, index: int) -> list[Row]:
        """An individual and its ancestors, the oldest first."""
        rows = [self.row(index)]
        while (parent := rows[-1].individual.parent) is not None:
            rows.append(self.row(parent))
        return rows[::-1]

    def history_digest(self) -> str:
        """Names the history: index, parent, mutation, text and fitness of every individual."""
        digest = hashlib.sha256()
        columns = 'SELECT "index", parent, mutation, program, fitness'
        query = f'{columns} FROM individuals JOIN outcomes USING (fingerprint) ORDER BY "index"'
        for row in self._connection.execute(query):
            digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()

    def _query(self, query: str, *values: Any) -> list[tuple]:
        return self._connection.execute(query, values).fetchall()


_ROWS = """SELECT "index", parent, mutation, num_draws, program, fingerprint, num_statements,
    num_needed, fitness, reason FROM individuals JOIN outcomes USING (fingerprint)"""


def _to_row(found: tuple) -> Row:
    index, parent, mutation, num_draws, text, name, length, needed, fitness, reason = found
    individual = Individual(index, parent, mutation, parse(text), num_draws)
    return Row(individual, name, length, needed, fitness, Reason(reason))


@contextmanager
def _lock(file: Path) -> Iterator[Any]:
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
        yield lock
    finally:
        lock.release()


@contextmanager
def _errors(file: Path) -> Iterator[None]:
    """Turns what SQLite says of a bad file into one line."""
    try:
        yield
    except sqlite3.Error as error:
        message = str(error)
        if "not a database" in message:
            raise RecordError(f"{file} is not a run of lionhunt; it was left alone") from None
        raise RecordError(
            f"{file}: {message}; look at it with 'lionhunt show {file.parent}'"
        ) from error
