"""What the records of a run and of a selection share: rows with checksums in one SQLite file.

What is written is never changed, and every row ends in a checksum of its other values. One table
tells what the whole is: key, value (JSON).
"""

import json
import sqlite3
import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.storage import database as run_file
from lionhunt.search.storage.schema import FileKind

T = TypeVar("T")


class CheckedTables(ABC):
    """An open file of records. Use `create`, `open_to_write` or `open_to_read`.

    Attributes:
        kind: of the file.
        schema: the statements that make its tables.
        tables: their names; the first has what the whole is.
    """

    kind: ClassVar[FileKind]
    schema: ClassVar[str]
    tables: ClassVar[tuple[str, ...]]

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self.path = path
        self._connection = connection

    @property
    def cache(self) -> Path:
        """The folder beside it for what can be made again."""
        return self.path.parent.resolve() / run_file.CACHE

    @property
    def log(self) -> Path:
        """The file beside it for what happened, and when."""
        return self.path.with_suffix(run_file.LOG_SUFFIX)

    @abstractmethod
    def is_begun(self) -> bool:
        """Whether there is a result that must not be lost."""

    @classmethod
    @contextmanager
    def create(cls, folder: Path, info: dict[str, Any]) -> Iterator[Self]:
        """Makes a new file and opens it to write; one that fails before any result is discarded.

        Args:
            folder: does not hold one; it is made if need be.
            info: what the whole is, JSON values by key.

        Raises:
            RecordError: there is one already, or the folder cannot be written.
        """
        file = folder / cls.kind.file_name

        def fill(connection: sqlite3.Connection) -> None:
            connection.executescript(cls.schema)
            for key, value in info.items():
                cls(file, connection)._insert(cls.tables[0], key, json.dumps(value))

        def is_begun(connection: sqlite3.Connection) -> bool:
            return cls(file, connection).is_begun()

        with run_file.create(cls.kind, folder, fill, is_begun) as opened:
            yield cls(*opened)

    @classmethod
    @contextmanager
    def open_to_write(cls, path: Path) -> Iterator[Self]:
        """Opens a file to go on with it.

        Args:
            path: the folder, or the file itself.

        Raises:
            RecordError: it is none of the kind, it is damaged, or another process writes it. In
                all these cases it was left alone.
        """
        with cls.open_to_read(path) as records:
            records.check()
        with run_file.open_to_write(cls.kind, path) as opened:
            yield cls(*opened)

    @classmethod
    @contextmanager
    def open_to_read(cls, path: Path) -> Iterator[Self]:
        """Opens a file to look at it, as it is now; another process may be writing it.

        Args:
            path: the folder, or the file itself.

        Raises:
            RecordError: it is none of the kind, or it is damaged; also in the body, as far as it
                reads. Errors that the body has for itself are left as they are.
        """
        with run_file.open_to_read(cls.kind, path) as opened:
            records = cls(*opened)
            records._check_tables()
            yield records

    def commit(self) -> None:
        """Makes everything added so far last."""
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")

    def info(self) -> dict[str, Any]:
        """What the whole is."""
        table = self.tables[0]
        self._check_rows(table)
        return dict(self._read(_to_item, self._query(f"SELECT key, value FROM {table}")))

    def check(self) -> None:
        """Looks for damage in the whole file; raises `RecordError`."""
        for (problem,) in self._query("PRAGMA quick_check"):
            if problem != "ok":
                raise run_file.damaged(self.path, problem)
        for table in self.tables:
            self._check_rows(table)

    def _check_rows(self, table: str) -> None:
        for *values, checksum in self._connection.execute(f"SELECT * FROM {table}"):
            if checksum != _checksum(values):
                raise run_file.damaged(self.path, f"a row of {table} is not as it was written")

    def _check_tables(self) -> None:
        """Raises `RecordError` if the tables have other columns than those that are made."""
        with closing(sqlite3.connect(":memory:")) as new:
            new.executescript(self.schema)
            tables = new.execute("SELECT name FROM sqlite_schema WHERE sql IS NOT NULL").fetchall()
            for (table,) in tables:
                with run_file.making_sense_of(self.path):
                    columns = _columns(self._connection, table)
                if columns != _columns(new, table):
                    raise run_file.damaged(self.path, f"table {table} is not as it was made")

    def _read(self, make: Callable[..., T], rows: Iterable[Sequence[Any]]) -> Iterator[T]:
        """Makes something of each row; one of which nothing can be made is damaged."""
        for row in rows:
            with run_file.making_sense_of(self.path):
                made = make(*row)
            yield made

    def _query(self, query: str, *values: Any) -> list[tuple]:
        return self._connection.execute(query, values).fetchall()

    def _insert(self, table: str, *values: Any, conflict: str = "ABORT") -> None:
        places = ", ".join("?" * (len(values) + 1))
        query = f"INSERT OR {conflict} INTO {table} VALUES ({places})"
        self._connection.execute(query, (*values, _checksum(values)))


def _columns(connection: sqlite3.Connection, table: str) -> list[str]:
    found = connection.execute(f"SELECT * FROM {table} LIMIT 0").description
    return [column[0] for column in found]


def _to_item(key: str, value: str) -> tuple[str, Any]:
    return key, json.loads(value)


def _checksum(values: Sequence[Any]) -> int:
    return zlib.crc32(repr(tuple(values)).encode())


def to_columns(measurement: Measurement) -> tuple[str, str, str, float]:
    """A measurement as a table keeps it: reason, scores, curves, seconds."""
    curves = [[repr(loss) for loss in curve] for curve in measurement.curves]  # also not finite
    scores = json.dumps(measurement.scores)
    return measurement.status.value, scores, json.dumps(curves), measurement.seconds


def to_measurement(reason: str, scores: str, curves: str, seconds: float) -> Measurement:
    """The measurement of such columns."""
    return Measurement(
        Status(reason),
        tuple(json.loads(scores)),
        tuple(tuple(map(float, curve)) for curve in json.loads(curves)),
        seconds,
    )
