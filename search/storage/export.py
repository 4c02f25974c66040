"""Export of a run as one table with a row for every individual: CSV or Parquet."""

import csv
import itertools
import json
from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple, TextIO

from lionhunt.search.errors import RecordError
from lionhunt.search.storage.run_store import RunStore

COLUMNS = {
    "index": int,
    "parent": int,
    "mutation": str,
    "num_draws": int,
    "program": str,
    "fingerprint": str,
    "num_statements": int,
    "num_needed": int,
    "outcome": str,
    "fitness": float,
    "rank": float,
    "reason": str,
    "seconds": float,
}
"""The columns of every run; the score on each task follows, under the task's name."""

GROUP_SIZE = 16_384
"""Rows in a row group of Parquet, which are in memory together."""


class RunTable(NamedTuple):
    """A run as a table.

    Attributes:
        columns: types by name.
        rows: one value for each column, None for no value; read lazily from the file.
        info: of the run.
    """

    columns: dict[str, type]
    rows: Iterator[tuple[Any, ...]]
    info: dict[str, Any]


def to_table(records: RunStore) -> RunTable:
    """Return the table of a run, after a check for damage."""
    records.check()
    info = records.info()
    tasks = [task["name"] for task in info["tasks"]]
    none = (None,) * len(tasks)
    # `check` has seen that all scores are lists of this length.
    rows = (
        (*row, *(json.loads(scores) or none))
        for *row, scores in records.columns(*COLUMNS, "scores")
    )
    return RunTable(COLUMNS | dict.fromkeys(tasks, float), rows, info)


def write_csv(table: RunTable, file: TextIO) -> None:
    """Write the names of the columns and all rows; None becomes an empty cell."""
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(table.columns)
    writer.writerows(table.rows)


def check_parquet() -> None:
    """Raise `RecordError` if pyarrow, an optional dependency, is missing."""
    try:
        import pyarrow.parquet  # noqa: F401
    except ImportError:
        raise RecordError("Parquet needs pyarrow; install lionhunt[parquet]") from None


def write_parquet(table: RunTable, file: BinaryIO) -> None:
    """Write all rows; the info of the run, as JSON, is the file's metadata `lionhunt`."""
    import pyarrow
    from pyarrow import parquet

    types = {int: pyarrow.int64(), float: pyarrow.float64(), str: pyarrow.string()}
    fields = [pyarrow.field(name, types[kind]) for name, kind in table.columns.items()]
    schema = pyarrow.schema(fields, {"lionhunt": json.dumps(table.info)})
    with parquet.ParquetWriter(file, schema, compression="zstd") as writer:
        while group := list(itertools.islice(table.rows, GROUP_SIZE)):
            values = map(list, zip(*group, strict=True))
            arrays = [
                pyarrow.array(column, field.type)
                for column, field in zip(values, fields, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(arrays, schema=schema))
