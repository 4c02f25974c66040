"""Files of reports, which are complete or as they were."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Yield a new path beside `path`; the file there takes its place after the body.

    If `path` is a link, the link is replaced. What it leads to stays as it is.
    """
    part = path.with_name(f".{secrets.token_hex(8)}.part")
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
    with replaced_file(path) as part:
        part.write_text(text, "utf-8")
