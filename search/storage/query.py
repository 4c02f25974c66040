"""SQL of a person on a file of records: it reads what is there now, and can do nothing else."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from lionhunt.search.errors import QueryError
from lionhunt.search.storage import database as run_file
from lionhunt.search.storage.schema import COMPARISON, RUN, SELECTION, FileKind

KINDS = (RUN, SELECTION, COMPARISON)
"""What can be asked, in the order in which a folder is searched for it."""

_ALLOWED = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
}
_ALLOWED_PRAGMAS = {"table_info", "table_list"}
_OF_THE_FILE = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CORRUPT,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_NOTADB,
    sqlite3.SQLITE_CANTOPEN,
}
_STEPS_BETWEEN_SIGNALS = 10_000


class Answer(NamedTuple):
    """What a query found.

    Attributes:
        heads: of the columns.
        rows: their values: None, int, float, str or bytes; read as they are taken.
    """

    heads: Sequence[str]
    rows: Iterator[tuple[Any, ...]]


@contextmanager
def ask(path: Path, sql: str) -> Iterator[Answer]:
    """Runs one SELECT on a file of records, as it is now; another process may be writing it.

    Args:
        path: a file of records, or the folder of one.
        sql: the statement.

    Yields:
        The answer; the file is read as far as its rows are taken.

    Raises:
        QueryError: the statement is none, or does more than read; also in the body.
        RecordError: the file is none of ours, or it is damaged; also in the body.
    """
    kind = find_kind(path)
    with run_file.open_to_read(kind, path) as (_, connection):
        found = connection.execute("SELECT name FROM sqlite_schema WHERE type IN ('table', 'view')")
        tables = [name for (name,) in found]
        connection.text_factory = lambda text: text.decode(errors="backslashreplace")
        connection.set_authorizer(_authorize)
        # Python hears of Ctrl-C where it is called; its handler then stops the statement.
        connection.set_progress_handler(lambda: 0, _STEPS_BETWEEN_SIGNALS)
        try:
            with closing(_execute(connection, sql)) as cursor:  # or it holds the file until it goes
                yield Answer([column[0] for column in cursor.description], cursor)
        except (sqlite3.Error, sqlite3.Warning) as error:
            code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
            if code in _OF_THE_FILE:
                raise
            if code == sqlite3.SQLITE_INTERRUPT:
                raise KeyboardInterrupt from None
            raise QueryError(_explain(error, code, tables)) from None


def find_kind(path: Path) -> FileKind:
    """What `path` holds, or names; a run if it is nothing that is known."""
    if path.is_dir():
        return next((kind for kind in KINDS if kind.locate(path).is_file()), RUN)
    if not path.is_file():
        return RUN
    with path.open("rb") as file:
        header = file.read(72)
    found = int.from_bytes(header[68:], "big")  # https://www.sqlite.org/fileformat.html
    return next((kind for kind in KINDS if kind.application_id == found), RUN)


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
