"""All that is known of one run, which is kept up to date while somebody looks."""

from itertools import islice
from pathlib import Path

from lionhunt.search.report_page.history import HistoryColumns
from lionhunt.search.server.following import program_index
from lionhunt.search.server.following.program_index import ProgramIndex
from lionhunt.search.server.following.snapshot import Snapshot, take_snapshot
from lionhunt.search.server.following.watcher import Watcher
from lionhunt.search.storage.database import decoding, is_locked
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN

CHUNK = 5_000
"""Programs that are read at a time; a reader that stays long hinders the writer."""


class RunFollower:
    """Follows one run.

    Args:
        folder: of the run.
        file: a new file for the index of its programs.

    Attributes:
        index: of the programs that were read.
    """

    def __init__(self, folder: Path, file: Path):
        self.index = ProgramIndex(file)
        self._folder = folder
        self._identity = self._find_identity()
        self._history = HistoryColumns.empty()
        self._snapshot: Snapshot | None = None
        self._watcher = Watcher(self._update)

    def look(self) -> Snapshot | None:
        """Return the last snapshot; None if the first one takes longer than a page may wait.

        Raises:
            LionhuntError: the run cannot be read.
        """
        return self._watcher.look()

    def is_outdated(self) -> bool:
        """Return True if another run has taken the place of this one."""
        return self._find_identity() != self._identity

    def _find_identity(self) -> int:
        try:
            return RUN.locate(self._folder).stat().st_ino
        except OSError:
            return 0

    def _update(self) -> tuple[Snapshot, bool]:
        """Read the next programs; return the snapshot, and True if there are more programs."""
        last, count = self._snapshot, len(self._history)
        with RunStore.open_to_read(self._folder) as records, decoding(records.path):
            rows = list(islice(records.columns(*program_index.COLUMNS, start=count), CHUNK))
            self.index.add(rows)
            self._history.extend((*row[1:-2], row[-2]) for row in rows)
            is_behind = len(rows) == CHUNK
            # A long run has few snapshots on the way to its end, as each reads all columns.
            is_due = not is_behind or last is None or len(self._history) >= 2 * last.count
            if last is None or is_due and (rows or not last.is_last):
                last = take_snapshot(records, self._history, is_locked(records.path))
                self._snapshot = last
            return last, is_behind
