"""The user's files as a part of what a run is: their digests are recorded, and compared on resume.

A run never mixes two versions of the user's code.
"""

from collections.abc import Iterable

from lionhunt.search.errors import RecordError
from lionhunt.search.user_code.loading import Digests, changed_files, source_digests


def record_sources(references: Iterable[str]) -> dict[str, str]:
    """Return the digest of each file that references come from, by its path.

    Nothing is executed. Without a reference there is none, and nothing to record.

    Raises:
        SourceError: a file cannot be read, or is not Python.
    """
    digests: dict[str, str] = {}
    for reference in references:
        digests |= source_digests(reference)
    return digests


def check_sources(recorded: Digests, references: Iterable[str], anew: str) -> None:
    """Check that the user's files are as they were when the run began; nothing is executed.

    Args:
        recorded: what `record_sources` returned then.
        references: those of the config of the run.
        anew: the command that runs it anew.

    Raises:
        RecordError: a file changed; one line names the first.
        SourceError: a file cannot be read, or is not Python.
    """
    if changed := changed_files(recorded, record_sources(references)):
        further = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise RecordError(
            f"{changed[0]}{further} changed since the run began; undo that, or run it anew "
            f"with: {anew}"
        )
