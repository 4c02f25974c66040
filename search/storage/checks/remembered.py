"""Values read from large files of records, which the user's folder keeps for the same bytes.

Reading and checking 300,000 programs takes seconds. A digest of all bytes takes a part of one, and
names the file. A file in which one bit has changed has another name, and is read as a new one.
"""

import hashlib
import json
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from lionhunt.search.environment import source_digest
from lionhunt.search.user_folder import make_own, user_folder

MIN_BYTES = 16 * 2**20
"""Size of the smallest file whose values are kept; others are read in half a second."""
MAX_FILES = 100
"""Files of records whose values are kept; those of the others are removed, the oldest first."""

_DIGEST = """
import hashlib, sys
with open(sys.argv[1], "rb") as file:
    print(hashlib.file_digest(file, "sha256").hexdigest())
"""


class Remembered:
    """The values of one file of records, computed once for the same bytes and version of Lionhunt.

    Args:
        file: of records.
        connection: to it, in a transaction that reads, so that no other process changes the file.
    """

    def __init__(self, file: Path, connection: sqlite3.Connection):
        self._file = file
        self._connection = connection
        self._place: Path | None = None
        """File of the values, once the bytes are digested."""

    def value(self, name: str, make: Callable[[], Any]) -> Any:
        """Return a JSON value that the bytes of the file determine.

        Args:
            name: of the value.
            make: reads it. What it raises is not kept.
        """
        with suppress(OSError, RuntimeError, ValueError, LookupError):
            return self._read()[name]
        made = make()
        with suppress(OSError, RuntimeError, ValueError):
            self._write({name: made})
        return made

    def forget(self) -> None:
        """Remove the values that are kept, so that the file is read and checked again."""
        with suppress(OSError, RuntimeError):
            self._find().unlink()

    def _find(self) -> Path:
        """Return the file of the values; raise `OSError` if there can be none."""
        if self._place is None:
            ((mode,),) = self._connection.execute("PRAGMA journal_mode").fetchall()
            # While a run continues, a part of it is in a second file.
            if mode != "delete" or self._file.stat().st_size < MIN_BYTES:
                raise FileNotFoundError(self._file)
            folder = user_folder().with_name("lionhunt-records")
            make_own(folder)
            # If a process closes any handle of a file, the system drops its locks on that file.
            # So another process reads the bytes: the lock of the transaction stays.
            command = (sys.executable, "-I", "-S", "-c", _DIGEST, str(self._file.resolve()))
            run = subprocess.run(command, capture_output=True, text=True, check=False)
            if run.returncode:
                raise FileNotFoundError(self._file)
            self._place = folder / f"{run.stdout.strip()}-{source_digest()}.json"
        return self._place

    def _read(self) -> dict[str, Any]:
        """Return the values; raise `ValueError` if they are damaged."""
        digest, _, text = self._find().read_text("utf-8").partition("\n")
        if digest != _digest(text):
            raise ValueError("the values are not as they were written")
        return json.loads(text)

    def _write(self, values: dict[str, Any]) -> None:
        """Add values to those that are kept."""
        place, before = self._find(), {}
        with suppress(OSError, ValueError):
            before = self._read()
        text = json.dumps(before | values)
        part = place.with_name(f".{secrets.token_hex(8)}.part")
        try:
            part.write_text(f"{_digest(text)}\n{text}", "utf-8")
            os.replace(part, place)
        finally:
            part.unlink(missing_ok=True)
        kept = sorted(place.parent.glob("*.json"), key=lambda path: path.stat().st_mtime)
        for old in kept[:-MAX_FILES]:
            old.unlink(missing_ok=True)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
