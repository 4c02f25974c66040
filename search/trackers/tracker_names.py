"""The names under which other tools know a run, kept beside its records."""

import json
import re
from pathlib import Path
from typing import Any

from lionhunt.search.reporting.replaced_file import write_whole

FILE = "trackers.json"
MAX_BYTES = 10_000

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}")


def recall(folder: Path, tool: str) -> str | None:
    """Return the name that a tool has for a run; None if it has none yet.

    Args:
        folder: of the run.
        tool: its name.
    """
    name = _read(folder).get(tool)
    return name if isinstance(name, str) and _NAME.fullmatch(name) else None


def keep(folder: Path, tool: str, name: str) -> None:
    """Keep the name that a tool has for a run; the arguments are those of `recall`."""
    write_whole(folder / FILE, json.dumps(_read(folder) | {tool: name}, indent=2) + "\n")


def _read(folder: Path) -> dict[str, Any]:
    try:
        with (folder / FILE).open("rb") as file:
            names = json.loads(file.read(MAX_BYTES))
    except (OSError, ValueError, RecursionError):
        return {}
    return names if isinstance(names, dict) else {}
