"""Names of runs and programs in addresses, relative to the folder that is served."""

import re
from pathlib import Path
from urllib.parse import quote

from lionhunt.dsl import library
from lionhunt.errors import LionhuntError
from lionhunt.search.api.programs import OptimizerProgram, program
from lionhunt.search.storage.schema import RUN

_IN_RUN = re.compile(r"(.*):([0-9]{1,12})")


class NoPageError(LionhuntError):
    """An address that stands for nothing."""


def to_path(root: Path, name: str) -> Path:
    """Return the folder of a name.

    Raises:
        NoPageError: there is no such folder, or it is not within the root.
    """
    if "\0" not in name and not name.startswith("/"):
        found = root / name
        try:
            is_within = found.resolve().is_relative_to(root.resolve())
            if is_within and found.is_dir():
                return found
        except (OSError, ValueError):
            pass
    raise NoPageError(f"no folder {name!r} here")


def to_run(root: Path, name: str) -> Path:
    """Return the folder of a run; raise `NoPageError` if it has none."""
    folder = to_path(root, name)
    if RUN.locate(folder).is_file():
        return folder
    raise NoPageError(f"no run {name!r} here")


def to_name(root: Path, folder: Path) -> str:
    """Return the name of a folder; that of the root is empty."""
    name = folder.relative_to(root).as_posix()
    return "" if name == "." else name


def to_address(*words: object) -> str:
    """Return the path of an address, each word quoted.

    Example:
        >>> to_address("program", 7, "a b/c")
        '/program/7/a%20b/c'
    """
    return "/" + "/".join(quote(str(word), errors="surrogateescape") for word in words)


def find(root: Path, word: str) -> OptimizerProgram:
    """Return the program of a word: a name of the library, or NAME:INDEX for a run.

    Raises:
        NoPageError: the word stands for no program.
        LionhuntError: the run is damaged.
    """
    word = word.strip()
    if word in library.names():
        return program(word)
    if (found := _IN_RUN.fullmatch(word)) is None:
        raise NoPageError(f"no program {word!r}; give a name of the library, or RUN:INDEX")
    return in_run(root, found[1], int(found[2]))


def in_run(root: Path, name: str, index: int) -> OptimizerProgram:
    """Return a program of a run by its number."""
    return program(f"{to_run(root, name)}:{index}")
