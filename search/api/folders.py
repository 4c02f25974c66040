"""Runs and experiments below a folder, with their state; a damaged one never stops the list."""

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from lionhunt.errors import LionhuntError
from lionhunt.search.driver.progress import is_at_end
from lionhunt.search.storage.database import is_locked, open_to_read
from lionhunt.search.storage.query import KINDS
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN, SIMPLIFICATION, FileKind

RUNNING, STOPPED, COMPLETE, DAMAGED = "running", "stopped", "complete", "damaged"
REPORT = "report.json"
DERIVATION = "derivation"
EXPERIMENTS = ("campaign", "ablation", "study", "claims")
"""Experiments without records of their own; each is a key of its report."""
MAX_DEPTH = 6
"""Folders below the first that are looked into."""
MAX_REPORT = 50_000_000
"""Bytes of a report that is read."""


def list_folders(root: str | Path = "runs") -> list[dict[str, Any]]:
    """Return the runs, selections, comparisons and other experiments below a folder, by name.

    Returns:
        For each its `folder`, `kind`, `state` ("running", "stopped", "complete" or "damaged"),
        the number of `programs`, the `best` fitness, the last `change` in seconds since 1970, and
        the `problem` of a damaged one. `programs` and `best` are None if it is no search.

    Raises:
        LionhuntError: there is no such folder.
    """
    if not Path(root).is_dir():
        raise LionhuntError(f"no folder {root}; give one that has runs below it")
    return [entry for folder in find_folders(Path(root)) for entry in summarize_folder(folder)]


def find_folders(root: Path) -> Iterator[Path]:
    """Yield the folder and all below it, in order; links and unreadable ones are left out."""
    for path, names, _ in os.walk(root):
        depth = len(Path(path).relative_to(root).parts)
        names[:] = sorted(name for name in names if name[0] != ".") if depth < MAX_DEPTH else []
        yield Path(path)


def change_of(folder: Path) -> tuple[Any, ...]:
    """Return values that differ if the summary of a folder may differ."""
    changes: list[Any] = []
    for kind in KINDS:
        file = folder / kind.file_name
        changes += [*map(_stat, (file, file.with_name(f"{file.name}-wal"))), is_locked(file)]
    return (*changes, _stat(folder / REPORT))


def _stat(path: Path) -> tuple[int, int] | None:
    with suppress(OSError):
        stat = path.stat()
        return stat.st_mtime_ns, stat.st_size
    return None


def summarize_folder(folder: Path) -> Iterator[dict[str, Any]]:
    """Yield the entries of one folder in the list; see `list_folders`."""
    kinds = [kind for kind in KINDS if (folder / kind.file_name).is_file()]
    for kind in kinds:
        yield _summarize(folder, kind)
    if not kinds and (folder / REPORT).is_file():
        yield _entry(folder, _kind_of_report(folder), COMPLETE, folder / REPORT)


def _summarize(folder: Path, kind: FileKind) -> dict[str, Any]:
    file = folder / kind.file_name
    noun = DERIVATION if kind is SIMPLIFICATION else kind.noun
    facts: dict[str, Any] = {}
    is_complete = (folder / REPORT).is_file()
    try:
        if kind is RUN:
            with RunStore.open_to_read(folder) as records:
                best = records.best()
                facts = {"programs": records.count(), "best": best and best.fitness}
                is_complete = is_at_end(records)
        else:
            with open_to_read(kind, folder):
                pass
        state = RUNNING if is_locked(file) else COMPLETE if is_complete else STOPPED
    # Nothing that a folder holds may stop the list.
    except (LionhuntError, OSError, ArithmeticError, LookupError, TypeError, ValueError) as error:
        state, facts = DAMAGED, {"problem": str(error)}
    return _entry(folder, noun, state, file, **facts)


def _entry(folder: Path, kind: str, state: str, file: Path, **facts: Any) -> dict[str, Any]:
    changes = [0.0]
    for path in (file, file.with_name(f"{file.name}-wal")):
        with suppress(OSError):
            changes.append(path.stat().st_mtime)
    entry = {"folder": str(folder), "kind": kind, "state": state, "programs": None, "best": None}
    return entry | {"change": max(changes), "problem": None} | facts


def _kind_of_report(folder: Path) -> str:
    """Return the noun of an experiment that left only its report."""
    report: Any = {}
    with suppress(OSError, ValueError, RecursionError), (folder / REPORT).open("rb") as file:
        report = json.loads(file.read(MAX_REPORT))
    nouns = EXPERIMENTS if isinstance(report, dict) else ()
    return next((noun for noun in nouns if noun in report), "report")
