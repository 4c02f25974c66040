"""Rows of numbers in files: npz, csv and parquet (the last needs pyarrow)."""

import csv
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.proxy_tasks.data.parquet_file import open_parquet

MAX_NAMED = 12
"""Columns that an error names."""


class Rows(NamedTuple):
    """Inputs and targets, one a row; NumPy arrays."""

    x: np.ndarray
    y: np.ndarray


def load_rows(path: str | Path, target: str = "") -> Rows:
    """Load the rows of a file.

    Args:
        path: of an npz file with the arrays `x` and `y`, or of a csv or parquet file with a column
            for each number. The first line of a csv file has the names of its columns.
        target: name of the array or column of targets; by default `y`, or the last column.

    Raises:
        DataError: the file is missing, or a cell is no number.
    """
    file = Path(path).expanduser()
    readers: dict[str, Callable[[Path, str], Rows]] = {
        ".npz": _read_npz,
        ".csv": _read_csv,
        ".parquet": _read_parquet,
    }
    if file.suffix not in readers:
        raise DataError(f"{file} must be one of {', '.join(readers)}")
    if not file.is_file():
        raise DataError(f"there is no file {file} in {Path.cwd()}")
    return readers[file.suffix](file, target)


def _read_npz(file: Path, target: str) -> Rows:
    name = target or "y"
    try:
        with np.load(file, allow_pickle=False) as arrays:
            if missing := {"x", name} - set(arrays.files):
                raise DataError(
                    f"{file} has no array {min(missing)!r}; it has {', '.join(arrays.files)}"
                )
            return Rows(arrays["x"], arrays[name])
    except DataError:
        raise
    # NumPy has no error class of its own, and nothing else can fail here.
    except Exception as error:
        raise DataError(f"{file} cannot be read: {' '.join(str(error).split())}") from None


def _read_csv(file: Path, target: str) -> Rows:
    try:
        with file.open(newline="", encoding="utf-8-sig") as stream:
            names, *lines = [line for line in csv.reader(stream) if line]
    except ValueError:
        raise DataError(f"{file} is empty, or not UTF-8") from None
    except (OSError, csv.Error) as error:
        raise DataError(f"{file} cannot be read: {error}") from None
    for number, line in enumerate(lines, start=2):
        if len(line) != len(names):
            raise DataError(
                f"row {number} of {file} has {len(line)} cells, and the first line {len(names)}"
            )
    columns = dict(zip(names, zip(*lines, strict=True), strict=True)) if lines else {}
    return _split(file, names, target, lambda name: _numbers_or_words(columns[name]))


def _read_parquet(file: Path, target: str) -> Rows:
    with open_parquet(file) as opened:
        table = opened.read()
    return _split(
        file,
        table.column_names,
        target,
        lambda name: table.column(name).to_numpy(zero_copy_only=False),
    )


def _split(
    file: Path, names: Sequence[str], target: str, read: Callable[[str], np.ndarray]
) -> Rows:
    """Return the columns as inputs, but for that of the targets."""
    if len(names) < 2:
        raise DataError(f"{file} needs a column of targets and one of inputs")
    target = target or names[-1]
    if target not in names:
        some = ", ".join(names[:MAX_NAMED]) + (", ..." if len(names) > MAX_NAMED else "")
        raise DataError(f"{file} has no column {target!r}; it has {some}")
    columns = {name: read(name) for name in names}
    for name, column in columns.items():
        if name != target and column.dtype.kind not in "biuf":
            raise DataError(
                f"the column {name!r} of {file} has text or gaps; give it numbers, or remove it"
            )
    inputs = [columns[name].astype(np.float32) for name in names if name != target]
    return Rows(np.stack(inputs, axis=1), columns[target])


def _numbers_or_words(cells: Sequence[str]) -> np.ndarray:
    for kind in (np.int64, np.float64):
        try:
            return np.array(cells).astype(kind)
        except (ValueError, OverflowError):
            continue
    return np.array(cells)
