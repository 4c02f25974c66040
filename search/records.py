"""The records of a run: its history, its cache and its checkpoint. The only writer of its file.

Tables, each with a checksum at the end of its rows:

    run          key, value (JSON): config, initial program, tasks, versions
    individuals  one row a program, by birth; written in order, once all before it have an outcome
    outcomes     one row a fingerprint, written when a worker is done with it
"""

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator

from dsl.text import parse
from search.evolution import Individual
from search.outcome import Measurement, Outcome, Reason
from search.record_file import RecordFile, to_columns, to_measurement
from search.run_file import RUN, RecordError

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


class Records(RecordFile):
    """An open run."""

    kind = RUN
    schema = _SCHEMA
    tables = ("run", "individuals", "outcomes")

    def is_begun(self) -> bool:
        return bool(self.outcome_summaries())

    def add_individual(self, row: Row) -> None:
        """Appends one individual; the outcome of its fingerprint must be there."""
        individual = row.individual
        self._insert(
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
        reason, *rest = to_columns(outcome.measurement)
        self._insert("outcomes", fingerprint, reason, outcome.fitness, *rest)

    def check(self) -> None:
        """Looks for damage in the whole file; raises `ValueError` or an error of SQLite."""
        super().check()
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

    def best(self, num_programs: int | None = None) -> Row | None:
        """The fittest of all individuals, or of the first `num_programs`; the first of equals.

        Returns:
            None if none has a fitness.
        """
        end = self.count() if num_programs is None else num_programs
        found = self._query(f'{_ROWS} WHERE "index" < ? {_BY_FITNESS} LIMIT 1', end)
        return _to_row(found[0]) if found else None

    def fittest(self) -> Iterator[Row]:
        """The first individual of every fingerprint that has a fitness, the fittest first."""
        first = 'SELECT min("index") FROM individuals GROUP BY fingerprint'
        query = f'{_ROWS} WHERE "index" IN ({first}) {_BY_FITNESS}'
        return map(_to_row, self._connection.execute(query))

    def outcome_summaries(self) -> dict[str, tuple[float | None, Reason]]:
        """Fitness and reason of every fingerprint that has an outcome."""
        rows = self._query("SELECT fingerprint, fitness, reason FROM outcomes")
        return {name: (fitness, Reason(reason)) for name, fitness, reason in rows}

    def measurement(self, fingerprint: str) -> Measurement | None:
        """What was seen of a fingerprint; None if nothing."""
        query = "SELECT reason, scores, curves, seconds FROM outcomes WHERE fingerprint = ?"
        found = self._query(query, fingerprint)
        return to_measurement(*found[0]) if found else None

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

    def num_chunks(self) -> int:
        """Chunks of training that all evaluations ran together."""
        query = "SELECT coalesce(sum(json_array_length(value)), 0) FROM outcomes, json_each(curves)"
        return self._query(query)[0][0]

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

    def columns(self, *names: str) -> Iterator[tuple]:
        """Columns of all individuals with their outcomes, in order, as they are in the file."""
        listed = ", ".join(f'"{name}"' for name in names)
        query = f"SELECT {listed} FROM individuals JOIN outcomes USING (fingerprint)"
        return self._connection.execute(f'{query} ORDER BY "index"')

    def history_digest(self) -> str:
        """Names the history: index, parent, mutation, text and fitness of every individual."""
        digest = hashlib.sha256()
        columns = 'SELECT "index", parent, mutation, program, fitness'
        query = f'{columns} FROM individuals JOIN outcomes USING (fingerprint) ORDER BY "index"'
        for row in self._connection.execute(query):
            digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()


_ROWS = """SELECT "index", parent, mutation, num_draws, program, fingerprint, num_statements,
    num_needed, fitness, reason FROM individuals JOIN outcomes USING (fingerprint)"""
_BY_FITNESS = 'AND fitness IS NOT NULL ORDER BY fitness DESC, "index"'


def _to_row(found: tuple) -> Row:
    index, parent, mutation, num_draws, text, name, length, needed, fitness, reason = found
    individual = Individual(index, parent, mutation, parse(text), num_draws)
    return Row(individual, name, length, needed, fitness, Reason(reason))
