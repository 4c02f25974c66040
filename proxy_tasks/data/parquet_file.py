"""A Parquet file, opened with pyarrow, which is optional."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from lionhunt.proxy_tasks.data.dataset import DataError


@contextmanager
def open_parquet(path: Path) -> Iterator[Any]:
    """Open a file as a `pyarrow.parquet.ParquetFile` for the body.

    Raises:
        DataError: pyarrow is not installed, or the file cannot be read.
    """
    try:
        import pyarrow
        from pyarrow import parquet
    except ImportError:
        raise DataError(
            f"{path} is parquet, which needs pyarrow; install lionhunt[parquet]"
        ) from None
    try:
        with parquet.ParquetFile(path) as file:
            yield file
    except (OSError, pyarrow.ArrowException) as error:
        reason = " ".join(str(error).split())
        raise DataError(f"{path} cannot be read, copy it again: {reason}") from None
