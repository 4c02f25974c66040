"""Checks of a complete run: its history, and the files that it leaves."""

from pathlib import Path

from lionhunt.search.errors import RecordError
from lionhunt.search.storage.database import LOG_SUFFIX
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from tests.soak.driver import SoakError


def history_digest(folder: Path) -> str:
    with RunStore.open_to_read(folder) as records:
        return records.history_digest()


def check_finished(folder: Path, expected: str) -> int:
    """Check the history, the lock and the files of a complete run.

    Args:
        folder: folder of the run.
        expected: expected history digest.

    Returns:
        The number of its programs.

    Raises:
        SoakError: a check fails.
    """
    if (digest := history_digest(folder)) != expected:
        raise SoakError(f"another history: {digest}")
    try:
        with RunStore.open_to_write(folder) as records:
            count = records.count()
    except RecordError as error:
        raise SoakError(f"a lock was left behind: {error}") from error
    file = folder / RUN.file_name
    kept = {file, file.with_suffix(".lock"), file.with_suffix(LOG_SUFFIX)}
    if names := {path.name for path in set(folder.iterdir()) - kept}:
        raise SoakError(f"left behind: {names}")
    return count
