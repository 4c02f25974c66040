"""Tables with checksums in one SQLite file: the base of the records of runs and experiments.

A row is never changed once it is written, and ends in a checksum of its other values. The first
table holds the info of the records: key, value (JSON).
"""

import itertools
import json
import sqlite3
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any, ClassVar, Self, TypeVar

from lionhunt.dsl.op_table import PLAIN
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evaluation.step_sizes import Multiples, check_multiples
from lionhunt.search.storage import database
from lionhunt.search.storage.checks.checksums import LongTextCheck, checksum, is_sound
from lionhunt.search.storage.checks.remembered import Remembered
from lionhunt.search.storage.schema import RUN, FileKind
from lionhunt.search.user_code.functions import RECORDED, read_functions

T = TypeVar("T")


class CheckedTables(ABC):
    """An open file of records. Use `create`, `open_to_write` or `open_to_read`.

    While it is open, the functions of the user that it records are known.

    Attributes:
        kind: of the file.
        tables: their names; the first one holds the info.
        long_texts: the place of the long text in the rows of tables that have one.
    """

    kind: ClassVar[FileKind]
    tables: ClassVar[tuple[str, ...]]
    long_texts: ClassVar[Mapping[str, int]] = {}

    def __init__(self, path: Path, connection: sqlite3.Connection):
        self.path = path
        self._connection = connection
        self._remembered: Remembered | None = None

    @property
    def log(self) -> Path:
        """Return the file beside it for the log of events."""
        return self.path.with_suffix(database.LOG_SUFFIX)

    @abstractmethod
    def is_begun(self) -> bool:
        """Return whether the file holds a result, which must not be lost."""

    @classmethod
    @contextmanager
    def create(cls, folder: Path, info: dict[str, Any]) -> Iterator[Self]:
        """Create a file and open it to write; discard it if the body fails before any result.

        Args:
            folder: without a file of the kind; it is made if it is missing.
            info: JSON values by key.

        Raises:
            RecordError: the folder has such a file, or cannot be written.
        """
        file = folder / cls.kind.file_name

        def fill(connection: sqlite3.Connection) -> None:
            connection.executescript(cls.kind.schema)
            for key, value in info.items():
                cls(file, connection)._insert(cls.tables[0], key, json.dumps(value))

        def is_begun(connection: sqlite3.Connection) -> bool:
            return cls(file, connection).is_begun()

        with database.create(cls.kind, folder, fill, is_begun) as opened:
            records = cls(*opened)
            with records._functions():
                yield records

    @classmethod
    @contextmanager
    def open_to_write(cls, path: Path) -> Iterator[Self]:
        """Open a file to continue it.

        Args:
            path: the folder, or the file itself.

        Raises:
            RecordError: it is not of the kind, it is damaged, or another process writes it. The
                file is then unchanged.
        """
        database.recover(cls.kind, path)
        with cls.open_to_read(path) as records:
            records.check()
        with database.open_to_write(cls.kind, path) as opened:
            records = cls(*opened)
            with records._functions():
                yield records

    @classmethod
    @contextmanager
    def open_to_read(cls, path: Path) -> Iterator[Self]:
        """Open a file to read its present state; another process may be writing it.

        Args:
            path: the folder, or the file itself.

        Raises:
            RecordError: it is not of the kind, or it is damaged; also where the body reads it.
        """
        with database.open_to_read(cls.kind, path) as opened:
            records = cls(*opened)
            records._remembered = Remembered(*opened)
            with records._functions():
                yield records

    def _functions(self) -> AbstractContextManager[Any]:
        """Return a context in which the recorded functions of the user are known.

        Their rules are loaded once one is needed.
        """
        table = self.tables[0]
        rows = self._query(f"SELECT * FROM {table} WHERE key = ?", RECORDED)
        for row in rows:
            if not is_sound(row):
                raise database.damaged(self.path, f"a row of {table} is not as it was written")
            with database.decoding(self.path):
                return read_functions(json.loads(row[1]), str(self.path.parent))
        # Programs of a run have no other functions, whichever are known here.
        return PLAIN if self.kind is RUN else nullcontext()

    def commit(self) -> None:
        """Make all additions permanent."""
        self._connection.execute("COMMIT")
        self._connection.execute("BEGIN")

    def info(self) -> dict[str, Any]:
        """Return the info of the records, JSON values by key."""
        table = self.tables[0]
        self._check_rows(table)
        rows = self._query(f"SELECT key, value FROM {table}")
        return dict(self._read(lambda key, value: (key, json.loads(value)), rows))

    def check(self) -> None:
        """Raise `RecordError` if any part of the file is damaged.

        Large files with the same bytes are checked once; see `forget`.
        """
        self.remembered("is_sound", lambda: self._check() or True)

    def remembered(self, name: str, make: Callable[[], Any]) -> Any:
        """Return a JSON value of the file, read once for the same bytes of a large file.

        Args:
            name: of the value.
            make: reads the value, which depends on nothing but the file.
        """
        return make() if self._remembered is None else self._remembered.value(name, make)

    def forget(self) -> None:
        """Forget what is remembered of these bytes, so that the file is checked again."""
        if self._remembered is not None:
            self._remembered.forget()

    def _check(self) -> None:
        # After the first problem, a walk through the tables might never end.
        for (problem,) in self._query("PRAGMA quick_check(1)"):
            if problem != "ok":
                # A line that names the database comes before the problem.
                raise database.damaged(self.path, problem.splitlines()[-1])
        for table in self.tables:
            self._check_rows(table)

    def _check_rows(self, table: str) -> None:
        rows = self._connection.execute(f"SELECT * FROM {table}")
        check, place = is_sound, self.long_texts.get(table)
        if place is not None:
            check = LongTextCheck(place, len(rows.description))
        if not all(map(check, rows)):
            raise database.damaged(self.path, f"a row of {table} is not as it was written")

    def _read(self, make: Callable[..., T], rows: Iterable[Sequence[Any]]) -> Iterator[T]:
        """Yield a value made of each row; raise `RecordError` if a row cannot be decoded."""
        with database.decoding(self.path):
            yield from itertools.starmap(make, rows)

    def _query(self, query: str, *values: Any) -> list[tuple]:
        return self._connection.execute(query, values).fetchall()

    def _insert(self, table: str, *values: Any, conflict: str = "ABORT") -> None:
        marks = ", ".join("?" * (len(values) + 1))
        query = f"INSERT OR {conflict} INTO {table} VALUES ({marks})"
        self._connection.execute(query, (*values, checksum(values)))


def to_columns(measurement: Measurement) -> tuple[str, str, str, float]:
    """Return a measurement as columns: reason (its status), scores, curves, seconds."""
    # As text, losses need not be finite.
    curves = [[repr(loss) for loss in curve] for curve in measurement.curves]
    scores = json.dumps(measurement.scores)
    return measurement.status.value, scores, json.dumps(curves), measurement.seconds


def to_measurement(
    status: str,
    scores: str,
    curves: str,
    seconds: float,
    multiples: str | None = None,
    num_chunks: int | None = None,
) -> Measurement:
    """Return the measurement of the columns of `to_columns`, and of two more in a run."""
    decoded = tuple(tuple(map(float, curve)) for curve in json.loads(curves))
    return Measurement(
        Status(status),
        tuple(map(float, json.loads(scores))),
        decoded,
        seconds,
        multiples=to_multiples(multiples),
        num_chunks=sum(map(len, decoded)) if num_chunks is None else num_chunks,
    )


def to_multiples(text: str | None) -> Multiples:
    """Return the multiples in a column; raise `ValueError` if one is no power of two."""
    if text is None:
        return ()
    multiples = tuple(map(float, json.loads(text)))
    check_multiples(multiples)
    return multiples
