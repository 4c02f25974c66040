"""SQL queries of yours on a file of records; they can only read."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lionhunt.search.errors import QueryError
from lionhunt.search.storage import database
from lionhunt.search.storage.connection import OutOfTime, primary_code, time_limit
from lionhunt.search.storage.schema import COMPARISON, RUN, SELECTION, SIMPLIFICATION, FileKind

KINDS = (RUN, SELECTION, COMPARISON, SIMPLIFICATION)
"""Kinds of files that can be queried, in the order in which a folder is searched."""

_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_ALLOWED_PRAGMAS = {"table_info", "table_list"}
_FILE_ERRORS = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_INTERRUPT,
}


class Answer(NamedTuple):
    """The result of a query.

    Attributes:
        heads: the names of the columns.
        rows: their values: None, int, float, str or bytes; read lazily from the file.
    """

    heads: Sequence[str]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def ask(path: Path, sql: str, seconds: float | None = None) -> Iterator[Answer]:
    """Run one SELECT on the present state of a file of records, which another process may write.

    Args:
        path: a file of records, or its folder.
        sql: the statement.
        seconds: the time limit of the statement and of the body; None or 0 for no limit.

    Yields:
        The answer.

    Raises:
        QueryError: the statement is invalid, does more than read, or takes too long; also in the
            body.
        RecordError: the file holds no records, or is damaged; also in the body.
    """
    with database.open_to_read(_find_kind(path), path) as (_, connection):
        names = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        tables = [name for (name,) in names]
        connection.text_factory = lambda text: text.decode(errors="backslashreplace")
        connection.set_authorizer(_authorize)
        try:
            # An open cursor would keep the file open.
            with time_limit(connection, seconds), closing(_execute(connection, sql)) as cursor:
                yield Answer([column[0] for column in cursor.description], cursor)
        except OutOfTime:
            raise QueryError(
                f"no answer in {seconds:g} s; ask for less, or give more time with --seconds"
            ) from None
        except (sqlite3.Error, sqlite3.Warning) as error:
            code = primary_code(error)
            if code in _FILE_ERRORS:
                raise
            raise QueryError(_explain(error, code, tables)) from None


def _find_kind(path: Path) -> FileKind:
    """Return the kind of a file, or of the file in a folder; a run if the kind is unknown."""
    if path.is_dir():
        return next((kind for kind in KINDS if kind.locate(path).is_file()), RUN)
    if not path.is_file():
        return RUN
    with path.open("rb") as file:
        header = file.read(72)
    # https://www.sqlite.org/fileformat.html
    application_id = int.from_bytes(header[68:], "big")
    return next((kind for kind in KINDS if kind.application_id == application_id), RUN)


def _execute(connection: sqlite3.Connection, sql: str) -> sqlite3.Cursor:
    try:
        cursor = connection.execute(sql)
    except UnicodeEncodeError:
        raise QueryError("the query is not UTF-8") from None
    if cursor.description is None:
        raise QueryError("give a query, as in 'SELECT count(*) FROM individuals'")
    return cursor


def _authorize(action: int, first: str | None, *_: str | None) -> int:
    is_look = action == sqlite3.SQLITE_PRAGMA and first in _ALLOWED_PRAGMAS
    return sqlite3.SQLITE_OK if action in _ALLOWED or is_look else sqlite3.SQLITE_DENY


def _explain(error: Exception, code: int, tables: Sequence[str]) -> str:
    message = str(error)
    if code == sqlite3.SQLITE_AUTH or "not authorized" in message:
        return "a query only reads: one SELECT, or a WITH that ends in one"
    if "one statement" in message:
        return "give one statement at a time"
    if message.startswith(("no such table", "no such column")):
        message += f"; the tables are {', '.join(tables)}, their columns in docs/records.md"
    return f"SQL: {message}"
