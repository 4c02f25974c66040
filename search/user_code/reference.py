"""References to the user's code: `./my_task.py:MyTask`, or `my_package.tasks:MyTask`.

The first names a file, the second a module of an installed package.
"""

import re
from pathlib import Path
from typing import Any, NamedTuple, Self

from lionhunt.search.errors import SourceError

NAME = r"[^\W\d]\w*"
_FILE = re.compile(rf"(?P<module>.+\.py):(?P<name>{NAME})", re.DOTALL)
_MODULE = re.compile(rf"(?P<module>{NAME}(?:\.{NAME})*):(?P<name>{NAME})")


class Reference(NamedTuple):
    """The parts of a reference.

    Attributes:
        module: path of a file, or dotted name of a module.
        name: of an object in it.
    """

    module: str
    name: str

    @classmethod
    def parse(cls, text: str) -> Self:
        """Parse a reference; raise `SourceError` if the text is none."""
        match = _FILE.fullmatch(text) or _MODULE.fullmatch(text)
        if match is None:
            raise SourceError(
                f"'{text}' names no code; expected ./file.py:Name or package.module:Name"
            )
        return cls(match["module"], match["name"])

    @property
    def is_file(self) -> bool:
        """Return whether the module is a file."""
        return self.module.endswith(".py")

    @property
    def short_name(self) -> str:
        """Return a name without folders or packages, as `my_task.MyTask`."""
        stem = Path(self.module).stem if self.is_file else self.module.rpartition(".")[2]
        return f"{stem}.{self.name}"

    def __str__(self) -> str:
        return f"{self.module}:{self.name}"


def is_reference(text: str) -> bool:
    """Return whether a text has the form of a reference."""
    return bool(_FILE.fullmatch(text) or _MODULE.fullmatch(text))


def with_full_paths(raw: Any, folder: Path) -> Any:
    """Return the raw tables of a config, in which references to files have full paths.

    Args:
        raw: the tables; they are not changed.
        folder: of the config, which paths in it start from.
    """
    if isinstance(raw, dict):
        return {key: with_full_paths(value, folder) for key, value in raw.items()}
    if isinstance(raw, list):
        return [with_full_paths(value, folder) for value in raw]
    if isinstance(raw, str) and (match := _FILE.fullmatch(raw)):
        path = Path(match["module"]).expanduser()
        return f"{folder.absolute() / path}:{match['name']}"
    return raw
