"""Files that a program may replace: each has its old content or its new one, at any moment."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a path to write beside `path`; after the body, that file takes its place.

    Raises:
        OSError: the file cannot be written. Then nothing has changed.
    """
    part = path.with_name(f".{path.name}.part")
    try:
        yield part
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)


def write_whole(path: Path, text: str) -> None:
    """Write a text to a file, which is replaced if it exists.

    Raises:
        OSError: the file cannot be written. Then nothing has changed.
    """
    with replacing(path) as part:
        part.write_text(text, "utf-8")
