"""Files that are written completely or not at all, and never replace another file."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from lionhunt.search.errors import OutputError


@contextmanager
def new_file(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path` to an empty file, which takes that name after the body.

    A path to a pipe or a device, such as /dev/stdout, is yielded itself.

    Raises:
        OutputError: the name is taken, before or after the body; or the file cannot be written.
            Then nothing has changed.
    """
    if path.exists() and not (path.is_file() or path.is_dir()):
        yield path
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
    """Give a file its name; raise `FileExistsError` if another file has it by now."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    # The file system has no links: take the name first, then replace the file.
    except OSError:
        path.touch(exist_ok=False)
        os.replace(part, path)
