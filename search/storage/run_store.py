"""The records of a run: its history, its cache and its checkpoint. The only writer of its file."""

import dataclasses
import hashlib
import json
import math
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.errors import RecordError
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Outcome, Status
from lionhunt.search.evolution.regularized import Individual
from lionhunt.search.storage import database as run_file
from lionhunt.search.storage.checked_tables import CheckedTables, to_columns, to_measurement
from lionhunt.search.storage.schema import LATER, RUN, TABLES


@dataclasses.dataclass(frozen=True, slots=True)
class StoredProgram:
    """One individual with its outcome, as recorded.

    Attributes:
        individual: the program and where it came from.
        fingerprint: what it computes.
        num_statements, num_needed: its length, and how much of it matters.
        outcome: the name of its outcome: its own fingerprint's, unless an option says otherwise.
        fitness: None if it has none; that of several evaluations is not that of `outcome` alone.
        reason: why there is none.
    """

    individual: Individual
    fingerprint: str
    num_statements: int
    num_needed: int
    outcome: EvaluationId
    fitness: float | None
    status: Status

    @property
    def fitness_or_neg_inf(self) -> float:
        """The fitness, or minus infinity if there is none: what tournaments compare."""
        return -math.inf if self.fitness is None else self.fitness


class HistoryBin(NamedTuple):
    """A part of a history, in numbers.

    Attributes:
        number: of the part, from 0.
        num_programs: individuals in it.
        best_fitness: among these; None if none has a fitness.
        num_children: those that were bred.
        num_new: children that are the first of their fingerprint.
        num_statements, num_needed: of all together.
    """

    number: int
    num_programs: int
    best_fitness: float | None
    num_children: int
    num_new: int
    num_statements: int
    num_needed: int


class RunStore(CheckedTables):
    """An open run."""

    kind = RUN
    schema = TABLES + "".join(later.format("") for later in LATER.values())
    tables = ("run", "individuals", "outcomes", "taken", "functional")

    def __init__(self, path: Path, connection: sqlite3.Connection):
        super().__init__(path, connection)
        has = {name for (name,) in self._query("SELECT name FROM sqlite_master")}
        for name, later in LATER.items():
            if name not in has:  # one that is not in the file stands for it
                connection.execute(later.format("TEMP"))

    def is_begun(self) -> bool:
        return bool(self.outcome_summaries())

    def reference(self) -> Program:
        """The program that has fitness 0: the initial one, unless the config names another."""
        info = self.info()
        return parse(info.get("reference", info["initial"]))

    @property
    def is_reevaluated(self) -> bool:
        """Whether a program may have several outcomes, the latest of which knows most."""
        return self.info()["config"]["evaluation"].get("reevaluate") is not None

    def add_individual(self, row: StoredProgram) -> None:
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
        if (name := str(row.outcome)) != row.fingerprint:
            self._insert("taken", individual.index, name, row.status.value, row.fitness)

    def add_outcome(self, name: str, outcome: Outcome) -> None:
        """Keeps an outcome."""
        reason, *rest = to_columns(outcome.measurement)
        self._insert("outcomes", name, reason, outcome.fitness, *rest)

    def add_functional(self, fingerprint: str, functional: str) -> None:
        """Keeps the functional fingerprint of a fingerprint."""
        self._insert("functional", fingerprint, functional)

    def check(self) -> None:
        super().check()
        ((count, first, last),) = self._query(
            'SELECT count(*), min("index"), max("index") FROM history'
        )
        if count != self.count() or count and (first, last) != (0, count - 1):
            raise run_file.damaged(self.path, "programs are missing")

    def count(self) -> int:
        """Individuals recorded."""
        return self._query("SELECT count(*) FROM individuals")[0][0]

    def rows(self, start: int = 0) -> Iterator[StoredProgram]:
        """Individuals from number `start`, in order."""
        cursor = self._connection.execute(f'{_ROWS} WHERE "index" >= ? ORDER BY "index"', (start,))
        return self._read(_to_row, cursor)

    def row(self, index: int) -> StoredProgram:
        """One individual; raises `RecordError` if there is none of that number."""
        for row in self._read(_to_row, self._query(f'{_ROWS} WHERE "index" = ?', index)):
            return row
        count = self.count()
        has = f"it has 0 to {count - 1}" if count else "it has none yet"
        raise RecordError(f"{self.path.parent} has no program {index}; {has}")

    def iter_outcomes(self, start: int) -> Iterator[tuple[int, EvaluationId, float | None]]:
        """Number, outcome and fitness of individuals from number `start`, in order."""
        query = 'SELECT "index", outcome, fitness FROM history WHERE "index" >= ? ORDER BY "index"'
        return self._read(_to_fate, self._connection.execute(query, (start,)))

    def best(self, num_programs: int | None = None) -> StoredProgram | None:
        """The fittest of all programs, or of the first `num_programs`; the first of equals.

        Where programs are evaluated again, their latest fitness counts: the highest of all would be
        that of the luckiest seed.

        Returns:
            None if none has a fitness.
        """
        end = self.count() if num_programs is None else num_programs
        latest = f'AND "index" IN ({_LATEST})' if self.is_reevaluated else ""
        query = f'{_ROWS} WHERE "index" < ?1 {latest} {_BY_FITNESS} LIMIT 1'
        found = self._query(query, end)
        return next(self._read(_to_row, found), None)

    def best_by_length(self) -> Iterator[StoredProgram]:
        """The fittest of every number of needed statements, the first of equals; shortest first."""
        latest = f'AND "index" IN ({_LATEST})' if self.is_reevaluated else ""
        programs = f'WHERE "index" < ?1 {latest}'
        best = f"SELECT num_needed, max(fitness) FROM history {programs} GROUP BY num_needed"
        first = f"""SELECT min("index") FROM history {programs}
            AND (num_needed, fitness) IN ({best}) GROUP BY num_needed"""
        query = f'{_ROWS} WHERE "index" IN ({first}) ORDER BY num_needed'
        return self._read(_to_row, self._connection.execute(query, (self.count(),)))

    def fittest(self) -> Iterator[StoredProgram]:
        """One individual of every program that has a fitness, the fittest first.

        It is the first individual; of a program with several evaluations, the first that has the
        latest outcome, which knows most. Programs that share their outcomes are one.
        """
        query = f'{_ROWS} WHERE "index" IN ({_LATEST}) {_BY_FITNESS}'
        return self._read(_to_row, self._connection.execute(query, (self.count(),)))

    def outcome_summaries(self) -> dict[str, tuple[float | None, Status]]:
        """Fitness and reason of every outcome, by name."""
        rows = self._query("SELECT fingerprint, fitness, reason FROM outcomes")
        return dict(self._read(_to_summary, rows))

    def measurement(self, name: str | EvaluationId) -> Measurement | None:
        """What was seen in the evaluation of that name; None if there was none."""
        query = "SELECT reason, scores, curves, seconds FROM outcomes WHERE fingerprint = ?"
        found = self._query(query, str(name))
        return next(self._read(to_measurement, found), None)

    def functional(self) -> Iterator[tuple[str, str]]:
        """Fingerprints with their functional fingerprints, in order of birth."""
        query = "SELECT fingerprint, functional FROM functional ORDER BY rowid"
        return iter(self._connection.execute(query))

    def num_births(self) -> dict[str, int]:
        """How many individuals have an outcome of that owner, by its fingerprint."""
        rows = self._query("SELECT outcome, count(*) FROM history GROUP BY outcome")
        counts: Counter[str] = Counter()
        for owner, count in self._read(_to_births, rows):
            counts[owner] += count
        return counts

    def count_by_status(self) -> dict[Status, int]:
        """How many of the fingerprints among the individuals have each outcome."""
        query = """SELECT reason, count(*) FROM outcomes
            WHERE fingerprint IN (SELECT fingerprint FROM individuals) GROUP BY reason"""
        return dict(self._read(_to_count, self._query(query)))

    def seconds(self) -> float:
        """Wall clock that all evaluations took together."""
        return self._query("SELECT coalesce(sum(seconds), 0.0) FROM outcomes")[0][0]

    def num_chunks(self) -> int:
        """Chunks of training that the evaluations of the individuals ran together."""
        query = """SELECT coalesce(sum(json_array_length(value)), 0)
            FROM outcomes, json_each(curves)
            WHERE fingerprint IN (SELECT outcome FROM history)"""
        with run_file.making_sense_of(self.path):
            return self._query(query)[0][0]

    def lengths(self, last: int) -> list[tuple[int, int]]:
        """Statements and needed statements of the last so many individuals, in order."""
        query = """SELECT num_statements, num_needed FROM individuals
            ORDER BY "index" DESC LIMIT ?"""
        return self._query(query, last)[::-1]

    def history_bins(self, num_windows: int) -> Iterator[HistoryBin]:
        """So many equal parts of the history, in order; those that are empty are left out.

        A child is new if no individual before it, in the whole history, has its fingerprint.
        """
        query = """SELECT "index" * ?1 / ?2 AS number, count(*), max(fitness),
                sum(parent IS NOT NULL), sum(parent IS NOT NULL AND "index" IN
                    (SELECT min("index") FROM individuals GROUP BY fingerprint)),
                sum(num_statements), sum(num_needed)
            FROM history GROUP BY number ORDER BY number"""
        return map(HistoryBin._make, self._connection.execute(query, (num_windows, self.count())))

    def fingerprints(self) -> set[str]:
        """Of all individuals."""
        return {name for (name,) in self._query("SELECT DISTINCT fingerprint FROM individuals")}

    def outcome_names(self) -> set[str]:
        """Of all outcomes that an individual has."""
        return {name for (name,) in self._query("SELECT DISTINCT outcome FROM history")}

    def lineage(self, index: int) -> list[StoredProgram]:
        """An individual and its ancestors, the oldest first."""
        rows = [self.row(index)]
        while (parent := rows[-1].individual.parent) is not None:
            rows.append(self.row(parent))
        return rows[::-1]

    def columns(self, *names: str) -> Iterator[tuple]:
        """Columns of all individuals with their outcomes, in order, as they are in the file."""
        listed = ", ".join(f'"{name}"' for name in names)
        query = f"SELECT {listed} FROM history"
        return self._connection.execute(f'{query} ORDER BY "index"')

    def history_digest(self) -> str:
        """Names the history: index, parent, mutation, text and fitness of every individual."""
        digest = hashlib.sha256()
        columns = 'SELECT "index", parent, mutation, program, fitness'
        query = f'{columns} FROM history ORDER BY "index"'
        for row in self._connection.execute(query):
            digest.update(json.dumps(row).encode() + b"\n")
        return digest.hexdigest()


_ROWS = """SELECT "index", parent, mutation, num_draws, program, fingerprint, num_statements,
    num_needed, outcome, fitness, reason FROM history"""
_LATEST = """SELECT max(first) FROM (
        SELECT outcome, min("index") AS first FROM history WHERE "index" < ?1 GROUP BY outcome
    ) GROUP BY substr(outcome, 1, instr(outcome || '#', '#') - 1)"""
"""Of each program among the first so many, the first individual that has its latest outcome."""
_BY_FITNESS = 'AND fitness IS NOT NULL ORDER BY fitness DESC, "index"'


def _to_row(
    index: int, parent: int | None, mutation: str, num_draws: int, text: str, *rest: Any
) -> StoredProgram:
    fingerprint, num_statements, num_needed, outcome, fitness, reason = rest
    individual = Individual(index, parent, mutation, parse(text), num_draws)
    name = EvaluationId.parse(outcome)
    return StoredProgram(
        individual, fingerprint, num_statements, num_needed, name, fitness, Status(reason)
    )


def _to_fate(
    index: int, outcome: str, fitness: float | None
) -> tuple[int, EvaluationId, float | None]:
    return index, EvaluationId.parse(outcome), fitness


def _to_summary(
    name: str, fitness: float | None, reason: str
) -> tuple[str, tuple[float | None, Status]]:
    return name, (fitness, Status(reason))


def _to_births(name: str, count: int) -> tuple[str, int]:
    return EvaluationId.parse(name).owner, count


def _to_count(reason: str, count: int) -> tuple[Status, int]:
    return Status(reason), count
