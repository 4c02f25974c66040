"""An index of the programs of a run, for quick answers: by rank, relatives, words.

It is a file of its own, which a reader of the run fills and throws away. The file of the run stays
as it is.
"""

import dataclasses
import math
import re
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

COLUMNS = (
    *("index", "parent", "mutation", "fitness", "rank", "reason"),
    *("num_statements", "num_needed", "fingerprint", "program"),
)
"""Columns of the view `history` that the index takes, in order."""

_TABLES = """
PRAGMA journal_mode = WAL;
PRAGMA synchronous = OFF;
CREATE TABLE programs (
    "index" INTEGER PRIMARY KEY, parent INTEGER, mutation TEXT NOT NULL, fitness REAL,
    place REAL NOT NULL, reason TEXT NOT NULL, num_statements INTEGER NOT NULL,
    num_needed INTEGER NOT NULL, fingerprint TEXT NOT NULL
) STRICT;
CREATE INDEX by_place ON programs (place DESC, "index");
CREATE INDEX by_mutation ON programs (mutation, place DESC, "index");
CREATE INDEX by_reason ON programs (reason, place DESC, "index");
CREATE INDEX by_parent ON programs (parent, place DESC, "index");
CREATE INDEX by_fingerprint ON programs (fingerprint, place DESC, "index");
CREATE VIRTUAL TABLE words USING fts5 (
    program, content = '', columnsize = 0, detail = none,
    tokenize = "unicode61 remove_diacritics 0 tokenchars '_.'"
);
"""
_WORD = re.compile(r"[\w.]+")
RARE = 3000
"""Programs with all words of a text below which only they are looked at."""


@dataclasses.dataclass(frozen=True)
class IndexEntry:
    """One program of the index.

    Attributes:
        index: number of the program.
        parent: of the parent; None for an initial program.
        mutation: kind of its mutation.
        fitness: None for a failure.
        place: its rank, minus infinity for a failure.
        reason: end of its evaluation.
        num_statements, num_needed: statements, and needed ones.
        fingerprint: of the program.
    """

    index: int
    parent: int | None
    mutation: str
    fitness: float | None
    place: float
    reason: str
    num_statements: int
    num_needed: int
    fingerprint: str


class ProgramQuery(NamedTuple):
    """Conditions on programs; an empty one holds for all.

    Attributes:
        texts: each is in the text of the program; case does not matter.
        fingerprint: its fingerprint begins with it.
        mutation: kind of its mutation.
        reason: end of its evaluation.
        min_fitness: lowest fitness.
        parent: number of its parent.
    """

    texts: tuple[str, ...] = ()
    fingerprint: str = ""
    mutation: str = ""
    reason: str = ""
    min_fitness: float | None = None
    parent: int | None = None


class ProgramIndex:
    """The index of one run. One thread adds programs; any thread may ask.

    Args:
        file: a new file.
    """

    def __init__(self, file: Path):
        self._file = file
        with closing(self._connect()) as connection:
            connection.executescript(_TABLES)

    def add(self, rows: Iterable[tuple[Any, ...]]) -> None:
        """Add the next programs, as rows of `COLUMNS`."""
        programs, words = [], []
        for index, parent, mutation, fitness, rank, reason, *counts, name, text in rows:
            place = -math.inf if rank is None else rank
            programs.append((index, parent, mutation, fitness, place, reason, *counts, name))
            words.append((index, text))
        with closing(self._connect()) as connection, connection:
            connection.executemany(f"INSERT INTO programs VALUES ({', '.join('?' * 9)})", programs)
            connection.executemany("INSERT INTO words (rowid, program) VALUES (?, ?)", words)

    def find(
        self, query: ProgramQuery, after: tuple[float, int] | None = None
    ) -> Iterator[IndexEntry]:
        """Yield the programs that may fulfil a query, the best rank first.

        All conditions hold but those on texts: the program may have their words elsewhere.

        Args:
            query: conditions.
            after: `place` and `index` of the last program that is not wanted again.
        """
        conditions: dict[str, tuple[Any, ...]] = {}
        if query.fingerprint:
            end = query.fingerprint + "\U0010ffff"
            conditions["fingerprint BETWEEN ? AND ?"] = (query.fingerprint, end)
        for column in ("mutation", "reason", "parent"):
            if (value := getattr(query, column)) not in ("", None):
                conditions[f"{column} = ?"] = (value,)
        if query.min_fitness is not None:
            conditions["fitness >= ?"] = (query.min_fitness,)
        if after is not None:
            conditions['(place < ? OR place = ? AND "index" > ?)'] = (after[0], *after)
        with closing(self._connect()) as connection:
            if (words := _to_words(query.texts)) and _is_rare(connection, words):
                found = "SELECT rowid FROM words WHERE words MATCH ?"
                conditions[f'"index" IN ({found})'] = (words,)
            where = " AND ".join(conditions) or "TRUE"
            values = [value for of_one in conditions.values() for value in of_one]
            rows = connection.execute(
                f'SELECT * FROM programs WHERE {where} ORDER BY place DESC, "index"', values
            )
            for row in rows:
                yield IndexEntry(*row)

    def num_children(self, parent: int) -> int:
        """Return the number of children of a program."""
        with closing(self._connect()) as connection:
            query = "SELECT count(*) FROM programs WHERE parent = ?"
            return connection.execute(query, (parent,)).fetchone()[0]

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._file, timeout=30.0)


def _to_words(texts: Iterable[str]) -> str:
    """Return a query of FTS5 for programs that have all words of texts, or longer words."""
    return " ".join(f'"{word}"*' for text in texts for word in _WORD.findall(text.lower()))


def _is_rare(connection: sqlite3.Connection, words: str) -> bool:
    query = "SELECT count(*) FROM (SELECT 1 FROM words WHERE words MATCH ? LIMIT ?)"
    return connection.execute(query, (words, RARE)).fetchone()[0] < RARE
