"""A file that is written whole or not at all, and never in the place of another."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lionhunt.search.errors import OutputError


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Another path beside `path`, of an empty file that takes its name once the body is done.

    What is no file, as a pipe or a device, is given as it is.

    Raises:
        OutputError: there is a file of that name, before or after; or it cannot be written. Then
            nothing was changed.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path  # as /dev/stdout: it is written as it is
        return
    if os.path.lexists(path):
        raise _taken(path)
    part = path.with_name(f".{secrets.token_hex(8)}.part")
    try:
        part.touch(exist_ok=False)
        try:
            yield part
            _name(part, path)
        finally:
            with suppress(OSError):
                part.unlink(missing_ok=True)
    except FileExistsError:
        raise _taken(path) from None
    except OSError as error:
        raise OutputError(f"cannot write {path}: {error.strerror or error}") from None


def _taken(path: Path) -> OutputError:
    return OutputError(f"{path} is there already; choose another --out, or remove it")


def _name(part: Path, path: Path) -> None:
    """Gives the part its name; raises `FileExistsError` if another has got it meanwhile."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without links
        path.touch(exist_ok=False)  # the name is taken first
        os.replace(part, path)
