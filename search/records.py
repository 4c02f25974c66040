"""The records of a run: its history, its cache and its checkpoint. The only writer of its file.

What is written is never changed, and every row ends in a checksum of the others. Tables:

    run          key, value (JSON): config, initial program, tasks, versions
    individuals  one row a program, by birth; written in order, once all before it have an outcome
    outcomes     one row a fingerprint, written when a worker is done with it
"""

import dataclasses
import hashlib
import json
import math
import sqlite3
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from dsl.text import parse
from search import run_file
from search.evolution import Individual
from search.outcome import Measurement, Outcome, Reason
from search.run_file import RecordError

_SCHEMA = """
CREATE TABLE run (key TEXT PRIMARY KEY, value TEXT NOT NULL, checksum INTEGER NOT NULL) STRICT;
CREATE TABLE individuals (
    "index" INTEGER PRIMARY KEY, parent INTEGER, mutation TEXT NOT NULL, num_draws INTEGER NOT NULL,
    program TEXT NOT NULL, fingerprint TEXT NOT NULL,
    num_statements INTEGER NOT NULL, num_needed INTEGER NOT NULL, checksum INTEGER NOT NULL
) STRICT;
CREATE TABLE outcomes (
    fingerprint TEXT PRIMARY KEY, reason TEXT NOT NULL, fitness REAL,
    scores TEXT NOT NULL, curves TEXT NOT NULL, seconds REAL NOT NULL, checksum INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
_TABLES = ("run", "individuals", "outcomes")


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


class Records:
    """An open run. Use `create`, `open_to_write` or `open_to_read`."""

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self.path = path
        self._connection = connection

    @classmethod
    @contextmanager
    def create(cls, folder: Path, info: dict[str, Any]) -> Iterator["Records"]:
        """Makes a new run and opens it to write; a run that fails before any outcome is discarded.

        Args:
            folder: does not hold a run; it is made if need be.
            info: what the run is, JSON values by key.

        Raises:
            RecordError: there is a run already, or the folder cannot be written.
        """

        def fill(connection: sqlite3.Connection) -> None:
            connection.executescript(_SCHEMA)
            for key, value in info.items():
                _insert(connection, "run", key, json.dumps(value))

        is_begun, is_new_folder = True, not folder.exists()
        try:
            with run_file.create(folder, fill) as (file, connection):
                records = cls(file, connection)
                try:
                    yield records
                except Exception:
                    is_begun = bool(records.outcome_summaries())
                    raise
        except Exception:
            if not is_begun:
                run_file.discard(folder, and_folder=is_new_folder)
            raise

    @classmethod
    @contextmanager
    def open_to_write(cls, path: Path) -> Iterator["Records"]:
        """Opens a run to go on with it.

        Args:
            path: the run's folder, or its file.

        Raises:
            RecordError: it is not a run, it is damaged, or another process writes it. In all these
                cases it was left alone.
        """
        with cls.open_to_read(path) as records:
            records.check()
        with run_file.open_to_write(path) as (file, connection):
            yield cls(file, connection)

    @classmethod
    @contextmanager
    def open_to_read(cls, path: Path) -> Iterator["Records"]:
        """Opens a run to look at it, as it is now; it may be running.

        Args:
            path: the run's folder, or its file.

        Raises:
            RecordError: it is not a run, or it is damaged; also in the body, as far as it reads.
        """
        with run_file.open_to_read(path) as (file, connection):
            yield cls(file, connection)

    def add_individual(self, row: Row) -> None:
        """Appends one individual; the outcome of its fingerprint must be there."""
        individual = row.individual
        _insert(
            self._connection,
            "individuals",
            individual.index,
            individual.parent,
            individual.mutation,
            individual.num_draws,
            str(individual.program),
            row.fingerprint,
            row.num_statements,
            row.num_needed,
        )

    def add_outcome(self, fingerprint: str, outcome: Outcome) -> None:
        """Keeps an outcome."""
        measurement = outcome.measurement
        _insert(
            self._connection,
            "outcomes",
            fingerprint,
            measurement.reason.value,
            outcome.fitness,
            json.dumps(measurement.scores),
            json.dumps([[repr(loss) for loss in curve] for curve in measurement.curves]),
            measurement.seconds,
        )

    def commit(self) -> None:
        """Makes everything added so far last."""
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")

    def info(self) -> dict[str, Any]:
        """What the run is."""
        rows = self._query("SELECT key, value FROM run")
        return {key: json.loads(value) for key, value in rows}

    def check(self) -> None:
        """Looks for damage in the whole file; raises `ValueError` or an error of SQLite."""
        for (problem,) in self._query("PRAGMA quick_check"):
            if problem != "ok":
                raise ValueError(problem)
        for table in _TABLES:
            for *values, checksum in self._connection.execute(f"SELECT * FROM {table}"):
                if checksum != _checksum(values):
                    raise ValueError(f"a row of {table} is not as it was written")
        ((count, first, last),) = self._query(
            'SELECT count(*), min("index"), max("index") FROM individuals JOIN outcomes '
            "USING (fingerprint)"
        )
        if count != self.count() or count and (first, last) != (0, count - 1):
            raise ValueError("programs are missing")

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

    def top(self, count: int) -> list[Row]:
        """The fittest individuals of different fingerprints, the first of each; best first."""
        first = 'SELECT min("index") FROM individuals GROUP BY fingerprint'
        query = f"""{_ROWS} WHERE fitness IS NOT NULL AND "index" IN ({first})
            ORDER BY fitness DESC, "index" LIMIT ?"""
        return list(map(_to_row, self._query(query, count)))

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


def _insert(connection: sqlite3.Connection, table: str, *values: Any) -> None:
    places = ", ".join("?" * (len(values) + 1))
    connection.execute(f"INSERT INTO {table} VALUES ({places})", (*values, _checksum(values)))


def _checksum(values: Sequence[Any]) -> int:
    return zlib.crc32(repr(tuple(values)).encode())


_ROWS = """SELECT "index", parent, mutation, num_draws, program, fingerprint, num_statements,
    num_needed, fitness, reason FROM individuals JOIN outcomes USING (fingerprint)"""


def _to_row(found: tuple) -> Row:
    index, parent, mutation, num_draws, text, name, length, needed, fitness, reason = found
    individual = Individual(index, parent, mutation, parse(text), num_draws)
    return Row(individual, name, length, needed, fitness, Reason(reason))
