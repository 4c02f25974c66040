"""The commands `lionhunt query` and `lionhunt export-run`."""

import csv
import enum
import itertools
import json
import math
import shutil
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, TextIO, cast

import typer

from lionhunt.search.cli.terminal import Json, make_console
from lionhunt.search.errors import QueryError, RecordError
from lionhunt.search.reporting.tables import Table, to_rich
from lionhunt.search.storage.atomic_file import new_file
from lionhunt.search.storage.export import check_parquet, to_table, write_csv, write_parquet
from lionhunt.search.storage.query import Answer, ask
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.visible_text import unwrapped

NUM_SHOWN = 100
"""Rows of a printed table by default."""
SECONDS = 60
"""Time limit of a query by default."""
MAX_CELL, MAX_ROW, MAX_TABLE = 1_000, 5_000, 50_000
"""Characters of a cell, of a row and of all rows of a printed table."""
MAX_PRINTED = 2**30
"""Characters of JSON or CSV that a query may print."""
_MAX_LIMIT = 10**15
_MAX_IN_MEMORY = 2**24
"""Bytes of output that wait in memory; more wait in a temporary file."""


def query(
    path: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run, a selection or a comparison.")
    ],
    sql: Annotated[str, typer.Argument(metavar="SQL", help="A SELECT; see docs/records.md.")],
    as_json: Json = False,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV.")] = False,
    limit: Annotated[
        int | None,
        typer.Option(
            min=0,
            max=_MAX_LIMIT,
            help=f"Rows; 0 for all. By default {NUM_SHOWN}, all in JSON and CSV.",
        ),
    ] = None,
    seconds: Annotated[
        int, typer.Option(min=0, max=10**9, help="Time limit; 0 for none.")
    ] = SECONDS,
) -> None:
    """Ask the records of a run in SQL.

    A query changes nothing and does not disturb a search that is running. A printed table cuts long
    values, which JSON and CSV hold whole. docs/records.md lists the tables and their columns.

    \b
    Examples:
      lionhunt query runs/quickstart "SELECT count(*) FROM individuals"
      lionhunt query runs/quickstart "SELECT mutation, max(fitness) FROM history GROUP BY 1" --csv
    """
    if as_json and as_csv:
        raise QueryError("give --json or --csv, not both")
    if not (as_json or as_csv):
        _show(path, sql, NUM_SHOWN if limit is None else limit, seconds)
        return
    with _printed() as file, ask(path, sql, seconds) as answer:
        rows = _bounded(answer.rows, file)
        answer = answer._replace(rows=itertools.islice(rows, limit or None))
        _write_json(answer, file) if as_json else _write_csv(answer, file)


class TableFormat(enum.StrEnum):
    """The formats that a run is exported to."""

    CSV = "csv"
    PARQUET = "parquet"


def export_run(
    run: Annotated[Path, typer.Argument(help="A run's folder.")],
    to: Annotated[TableFormat, typer.Option(help="Text, or columns.")],
    out: Annotated[Path | None, typer.Option(help="A new file; by default CSV is printed.")] = None,
) -> None:
    """Write a run as a CSV or Parquet table.

    Every program has a row with its parent, outcome and scores.

    \b
    Examples:
      lionhunt export-run runs/quickstart --to csv > quickstart.csv
      lionhunt export-run runs/quickstart --to parquet --out quickstart.parquet
    """
    if to is TableFormat.PARQUET:
        check_parquet()
        if out is None:
            raise RecordError("Parquet cannot be printed; give --out FILE")
    if out is None:
        with _printed() as file, RunStore.open_to_read(run) as records:
            write_csv(to_table(records), file)
        return
    with RunStore.open_to_read(run) as records, new_file(out) as part:
        if to is TableFormat.PARQUET:
            with part.open("wb") as file:
                write_parquet(to_table(records), file)
        else:
            with part.open("w", encoding="utf-8", newline="") as file:
                write_csv(to_table(records), file)
        count = records.count()
    make_console().print(f"{count:,} programs in {out}", soft_wrap=True)


def _show(path: Path, sql: str, limit: int, seconds: int) -> None:
    rows: list[list[str]] = []
    room, num_cut, is_all = MAX_TABLE, 0, True
    with ask(path, sql, seconds) as answer:
        for row in answer.rows:
            if limit and len(rows) == limit or room <= 0:
                is_all = False
                break
            cells = list(_cut_row(row))
            rows.append([text for text, _ in cells])
            num_cut += sum(is_cut for _, is_cut in cells)
            room -= sum(map(len, rows[-1]))
    console = make_console()
    heads = [head[:MAX_CELL] for head in answer.heads]
    console.print(to_rich(Table("", heads, rows), is_first_a_name=False))
    if not is_all:
        way = "--limit 0" if room > 0 else "--json or --csv"
        console.print(f"the first {len(rows)} rows; {way} prints all")
    if num_cut:
        console.print(f"{num_cut} long values are cut; --json or --csv prints them whole")


def _cut_row(row: Sequence[Any]) -> Iterator[tuple[str, bool]]:
    """Yield the text of each value, and whether it is cut."""
    room = MAX_ROW
    for value in row:
        most = min(MAX_CELL, room)
        # Two digits stand for a byte.
        text = _cell(value[: most + 1] if isinstance(value, str | bytes) else value)
        is_cut = len(text) > most
        room -= min(len(text), most)
        yield (f"{text[:most]}...", True) if is_cut else (text, False)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(_plain(value))


def _plain(value: Any) -> Any:
    """Return a value that JSON can hold: infinity and NaN as words, bytes as hexadecimal digits."""
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


def _bounded(rows: Iterable[Sequence[Any]], file: TextIO) -> Iterator[Sequence[Any]]:
    """Yield rows; raise `QueryError` once the file is larger than what is printed."""
    for row in rows:
        if file.tell() > MAX_PRINTED:
            raise QueryError(
                f"the answer is larger than {MAX_PRINTED // 2**20:,} MiB; ask for less, "
                "or write the whole run with 'lionhunt export-run'"
            )
        yield row


def _write_json(answer: Answer, file: TextIO) -> None:
    for head in answer.heads:
        if answer.heads.count(head) > 1:
            raise QueryError(f"two columns are called '{head}'; rename one with AS")
    between = "[\n"
    for row in answer.rows:
        named = zip(answer.heads, map(_plain, row), strict=True)
        file.write(between + json.dumps(dict(named)))
        between = ",\n"
    file.write("[]\n" if between == "[\n" else "\n]\n")


def _write_csv(answer: Answer, file: TextIO) -> None:
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(answer.heads)
    writer.writerows(map(_plain, row) for row in answer.rows)


@contextmanager
def _printed() -> Iterator[TextIO]:
    """Yield a file that is printed when the body ends: slow readers do not hold the records."""
    with tempfile.SpooledTemporaryFile(_MAX_IN_MEMORY, "w+", encoding="utf-8", newline="") as file:
        yield cast(TextIO, file)
        file.seek(0)
        # A file of data has every character; a terminal would obey some.
        shutil.copyfileobj(file, sys.stdout if sys.stdout.isatty() else unwrapped(sys.stdout))
