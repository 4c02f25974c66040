"""The records of a run: its history and its evaluation cache, from which it resumes."""

import hashlib
import json
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import ProgramError, parse
from lionhunt.search.errors import RecordError, command_line
from lionhunt.search.evaluation.outcome import EvaluationId, Status
from lionhunt.search.evaluation.ranking import NO_DISCOUNT, Discount
from lionhunt.search.storage import database
from lionhunt.search.storage.checks.history_line import json_line
from lionhunt.search.storage.checks.row_problems import PROBLEMS
from lionhunt.search.storage.history_bin import HistoryBin
from lionhunt.search.storage.outcome_tables import OutcomeTables
from lionhunt.search.storage.run_info import find_problem
from lionhunt.search.storage.schema import RUN
from lionhunt.search.storage.stored_program import ROWS, StoredProgram, to_row


class RunStore(OutcomeTables):
    """The open file of a run."""

    kind = RUN
    tables = (
        "run",
        "individuals",
        "outcomes",
        "taken",
        "discounts",
        "multiples",
        "validations",
        "functional",
        "costs",
        "objectives",
        "origins",
    )
    long_texts = {"individuals": 4}

    def __init__(self, path: Path, connection: sqlite3.Connection):
        super().__init__(path, connection)
        has = {
            name for (name,) in self._query("SELECT name FROM sqlite_master WHERE type = 'table'")
        }
        for name, later in self.kind.later.items():
            # Temporary, empty tables take the place of tables that the file lacks. The view of an
            # earlier version has other columns.
            if name not in has:
                connection.execute(later.format("TEMP"))

    def is_begun(self) -> bool:
        return bool(self._query("SELECT 1 FROM outcomes LIMIT 1"))

    def info(self) -> dict[str, Any]:
        info = super().info()
        if (problem := find_problem(info)) is not None:
            raise database.damaged(self.path, problem)
        if info["config"]["evaluation"].get("reevaluate") is not None:
            folder = self.path.parent
            raise RecordError(
                f"{folder} has evaluation.reevaluate, which is gone; read it with "
                f"{command_line('query', folder)!r}, or with lionhunt 0.1"
            )
        return info

    def initial(self) -> Program:
        """Return the program that evolution began with."""
        return self._parse("initial", self.info()["initial"])

    def reference(self) -> Program:
        """Return the program with fitness 0: the initial one, unless the config names another."""
        info = self.info()
        return self._parse("reference", info.get("reference", info["initial"]))

    def _parse(self, key: str, text: str) -> Program:
        try:
            return parse(text)
        except ProgramError as error:
            raise database.damaged(self.path, f"{key}: {error.reason}") from None

    def add_individual(self, row: StoredProgram) -> None:
        """Append one individual, whose outcome must be recorded already."""
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
        if row.discount != NO_DISCOUNT:
            self._insert("discounts", individual.index, *row.discount)
        if individual.second_parent is not None or individual.invalid:
            invalid = json.dumps(dict(individual.invalid))
            self._insert("origins", individual.index, individual.second_parent, invalid)

    def _check(self) -> None:
        super()._check()
        ((count, first, last),) = self._query(
            'SELECT count(*), min("index"), max("index") FROM history'
        )
        if count != self.count() or count and (first, last) != (0, count - 1):
            raise database.damaged(self.path, "programs are missing")
        with database.decoding(self.path):
            for query, problem in PROBLEMS.items():
                if self._query(query.format(num_tasks=len(self.info()["tasks"]))):
                    raise database.damaged(self.path, problem)

    def count(self) -> int:
        """Return the number of individuals."""
        # SQLite counts rows, not columns, in one step that heeds no Ctrl-C.
        return self._query('SELECT count("index") FROM individuals')[0][0]

    def rows(self, start: int = 0) -> Iterator[StoredProgram]:
        """Yield the individuals from number `start`, in order."""
        cursor = self._connection.execute(f'{ROWS} WHERE "index" >= ? ORDER BY "index"', (start,))
        return self._read(to_row, cursor)

    def row(self, index: int) -> StoredProgram:
        """Return one individual; raise `RecordError` if none has that number."""
        for row in self._read(to_row, self._query(f'{ROWS} WHERE "index" = ?', index)):
            return row
        count = self.count()
        has = f"it has 0 to {count - 1}" if count else "it has none yet"
        raise RecordError(f"{self.path.parent} has no program {index}; {has}")

    def iter_outcomes(self, start: int) -> Iterator[tuple[int, EvaluationId, float | None]]:
        """Yield number, outcome and rank of the individuals from number `start`, in order."""
        query = 'SELECT "index", outcome, rank FROM history WHERE "index" >= ? ORDER BY "index"'
        rows = self._connection.execute(query, (start,))
        return self._read(lambda i, name, rank: (i, EvaluationId.parse(name), rank), rows)

    def iter_programs(self) -> Iterator[tuple[EvaluationId, float | None, Status, Discount]]:
        """Yield last evaluation, fitness, status and discount of every program, in any order.

        Programs that share their outcomes count as one: the first of them.
        """
        query = f"""SELECT outcome, fitness, reason, margin, cost FROM history
            WHERE "index" IN ({_FIRST_BIRTHS})"""
        return self._read(
            lambda name, fitness, text, *discount: (
                EvaluationId.parse(name),
                fitness,
                Status(text),
                Discount(*discount),
            ),
            self._connection.execute(query),
        )

    def best(self, num_programs: int | None = None) -> StoredProgram | None:
        """Return the program of the highest rank, of all or of the first `num_programs`.

        Returns:
            The first of equals; None if no program has a fitness.
        """
        end = self.count() if num_programs is None else num_programs
        query = f'{ROWS} WHERE "index" < ? {_BY_RANK} LIMIT 1'
        return next(self._ranked(query, end), None)

    def best_by_length(self) -> Iterator[StoredProgram]:
        """Yield the best by rank of every number of needed statements, the first of equals.

        The order is that of the number, shortest first.
        """
        best = "SELECT num_needed, max(rank) FROM history GROUP BY num_needed"
        first = f"""SELECT min("index") FROM history
            WHERE (num_needed, rank) IN ({best}) GROUP BY num_needed"""
        query = f'{ROWS} WHERE "index" IN ({first}) ORDER BY num_needed'
        return self._ranked(query)

    def fittest(self) -> Iterator[StoredProgram]:
        """Yield one individual of every program that has a fitness, by rank.

        It is the first of the program. Programs that share their outcomes count as one.
        """
        query = f'{ROWS} WHERE "index" IN ({_FIRST_BIRTHS}) {_BY_RANK}'
        return self._ranked(query)

    def _ranked(self, query: str, *values: int) -> Iterator[StoredProgram]:
        """Yield the rows of a query that compares ranks; the info of the run says how."""
        self.info()
        return self._read(to_row, self._connection.execute(query, values))

    def invalid_mutants(self) -> Counter[str]:
        """Return the number of invalid mutants that each of the user's mutations returned."""
        query = """SELECT key, sum(value) FROM origins, json_each(invalid)
            GROUP BY key ORDER BY key"""
        with database.decoding(self.path):
            return Counter({name: int(count) for name, count in self._query(query)})

    def count_by_status(self) -> dict[Status, int]:
        """Return the number of the individuals' own outcomes with each status."""
        query = """SELECT reason, count(*) FROM outcomes WHERE fingerprint IN (
                SELECT fingerprint FROM individuals LEFT JOIN taken USING ("index")
                WHERE taken.outcome IS NULL) GROUP BY reason
            UNION ALL SELECT reason, count(DISTINCT outcome) FROM taken
            WHERE instr(outcome, '#') GROUP BY reason"""
        counts: Counter[Status] = Counter()
        for text, count in self._query(query):
            with database.decoding(self.path):
                counts[Status(text)] += count
        return counts

    def count_evaluations(self) -> tuple[int, int]:
        """Return the numbers of first and of later evaluations, without rejections."""
        query = f"""SELECT coalesce(sum(NOT instr(name, '#')), 0),
                coalesce(sum(instr(name, '#') > 0), 0)
            FROM ({_EVALUATIONS})
            JOIN outcomes ON fingerprint = name WHERE reason != ?"""
        return self._query(query, Status.REJECTED.value)[0]

    def num_chunks(self) -> int:
        """Return the number of chunks of training in the evaluations of the individuals."""
        query = f"""SELECT coalesce(sum(coalesce(
                (SELECT num_chunks FROM multiples WHERE outcome = fingerprint),
                (SELECT sum(json_array_length(value)) FROM json_each(curves)))), 0)
            FROM outcomes WHERE fingerprint IN ({_EVALUATIONS})"""
        with database.decoding(self.path):
            return self._query(query)[0][0]

    def lengths(self, last: int) -> list[tuple[int, int]]:
        """Return the numbers of statements and needed statements of the last `last` individuals."""
        query = """SELECT num_statements, num_needed FROM individuals
            ORDER BY "index" DESC LIMIT ?"""
        return self._query(query, last)[::-1]

    def history_bins(self, num_bins: int) -> Iterator[HistoryBin]:
        """Yield the equal parts of the history, in order, without empty ones.

        A child is new if no individual before it, in the whole history, has its fingerprint.
        """
        query = """SELECT "index" * ?1 / ?2 AS number, count(*), max(rank), fitness,
                sum(parent IS NOT NULL), sum(parent IS NOT NULL AND "index" IN
                    (SELECT min("index") FROM individuals GROUP BY fingerprint)),
                sum(num_statements), sum(num_needed)
            FROM history GROUP BY number ORDER BY number"""
        return map(HistoryBin._make, self._connection.execute(query, (num_bins, self.count())))

    def names(self) -> tuple[set[str], set[str]]:
        """Return the fingerprints of all individuals, and the names of all their evaluations."""
        fingerprints = {name for (name,) in self._query("SELECT fingerprint FROM individuals")}
        # Without such rows, every program has one evaluation, of its own.
        if not self._query("SELECT 1 FROM taken LIMIT 1"):
            return fingerprints, fingerprints
        return fingerprints, {name for (name,) in self._query(_EVALUATIONS)}

    def lineage(self, index: int) -> list[StoredProgram]:
        """Return the ancestors of an individual and itself, the oldest first."""
        return [self.row(ancestor) for ancestor, _ in self._line(index)]

    def improvements(self, index: int) -> list[StoredProgram]:
        """Return the oldest of a lineage, and all that rank above those before them, in order."""
        (oldest, highest), *later = self._line(index)
        rows = [self.row(oldest)]
        for ancestor, rank in later:
            if rank is not None and (highest is None or rank > highest):
                highest = rank
                rows.append(self.row(ancestor))
        return rows

    def _line(self, index: int) -> list[tuple[int, float | None]]:
        """Return number and rank of the ancestors of an individual and of itself, in order."""
        query = """WITH RECURSIVE line(number, parent) AS (
                SELECT "index", parent FROM individuals WHERE "index" = ?
                UNION ALL SELECT individuals."index", individuals.parent
                FROM line JOIN individuals ON individuals."index" = line.parent
                WHERE line.parent < number
            ) SELECT number, line.parent, rank FROM line JOIN history ON "index" = number
            ORDER BY number"""
        line = self._query(query, index)
        # An error about a number that there is not.
        oldest = line[0] if line else (self.row(index).individual.index, None, None)
        if oldest[1] is not None:
            raise database.damaged(self.path, "a program is older than its parent")
        return [(number, rank) for number, _, rank in line]

    def columns(self, *names: str, start: int = 0) -> Iterator[tuple]:
        """Yield columns of individuals with their outcomes, in order, as stored in the file.

        Args:
            *names: of the columns.
            start: number of the first individual.
        """
        listed = ", ".join(f'"{name}"' for name in names)
        query = f'SELECT {listed} FROM history WHERE "index" >= ? ORDER BY "index"'
        return self._connection.execute(query, (start,))

    def text(self, index: int) -> str:
        """Return the text of an individual, as stored; raise `RecordError` if there is none."""
        for (text,) in self._query('SELECT program FROM individuals WHERE "index" = ?', index):
            return text
        raise RecordError(f"{self.path.parent} has no program {index}")

    def history_digest(self) -> str:
        """Return a digest of index, parent, mutation, text and fitness of every individual."""
        return self.remembered("history_digest", self._history_digest)

    def _history_digest(self) -> str:
        digest = hashlib.sha256()
        columns = 'SELECT "index", parent, mutation, program, fitness'
        query = f'{columns} FROM history ORDER BY "index"'
        for row in self._connection.execute(query):
            digest.update(json_line(*row).encode())
        return digest.hexdigest()


_FIRST_BIRTHS = 'SELECT min("index") FROM history GROUP BY outcome'
"""The first individual of every program."""
_EVALUATIONS = """WITH RECURSIVE last(owner, number) AS (
        SELECT DISTINCT substr(outcome, 1, instr(outcome || '#', '#') - 1),
            max(1, CAST(substr(outcome, instr(outcome || '#', '#') + 1) AS INTEGER)) FROM taken
        UNION ALL SELECT owner, number - 1 FROM last WHERE number > 1
    ) SELECT owner || iif(number > 1, '#' || number, '') AS name FROM last
    UNION SELECT fingerprint FROM individuals WHERE "index" NOT IN (SELECT "index" FROM taken)"""
"""The names of all evaluations of the individuals: from the first one of each to its last."""
_BY_RANK = 'AND rank IS NOT NULL ORDER BY rank DESC, "index"'
