"""The code that a run recorded: resuming executes it if it is unchanged, and was run here before.

A run folder may come from somebody else, and name any file. So this user's cache keeps the digests
of the files that searches of this user began with. Other files are executed only if you say so.
"""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from lionhunt.search.errors import RecordError, command_line
from lionhunt.search.user_code.kinds import digests_of_kind
from lionhunt.search.user_code.loading import Digests, changed_files, source_digests
from lionhunt.search.user_code.task_options import UserTask
from lionhunt.search.user_folder import make_own, user_folder

_TASKS = ("tasks", "validation_tasks")


def remember(sources: Digests) -> None:
    """Remember that this user runs these files; without a folder of the user, nothing is kept."""
    # Without a home, Python raises a RuntimeError.
    with suppress(OSError, RuntimeError):
        for digest in sources.values():
            (_known_code() / digest).touch()


def current_digests(code: Iterable[Any]) -> Digests:
    """Return the digests of the user's files, as they are now; nothing is executed.

    Args:
        code: options of tasks, and references to other code.
    """
    current: dict[str, str] = {}
    for each in code:
        if isinstance(each, UserTask) and not each.is_object:
            current |= digests_of_kind(each.kind)
        elif isinstance(each, str):
            current |= source_digests(each)
    return current


def check_unchanged(code: Iterable[Any], info: Mapping[str, Any], folder: Path) -> None:
    """Refuse to resume a run whose files have changed; nothing is executed.

    Args:
        code: options of its tasks, and references to other code.
        info: its description.
        folder: of the run.

    Raises:
        RecordError: a file has changed.
    """
    if changed := changed_files(info.get("sources", {}), current_digests(code)):
        raise RecordError(
            f"{changed[0]} has changed since {folder} began; undo that to resume, or "
            f"{_anew(folder)}"
        )


def check_data(tasks: Iterable[Any], info: Mapping[str, Any], folder: Path) -> None:
    """Build the users' tasks of a run; raise `RecordError` if their data is not the recorded."""
    digests = {each["digest"] for key in _TASKS for each in info.get(key, ())}
    for task in tasks:
        if isinstance(task, UserTask) and task.build().digest not in digests:
            raise RecordError(
                f"task {task.name} has other data than when {folder} began; restore that to "
                f"resume, or {_anew(folder)}"
            )


def check_known(code: Iterable[Any], folder: Path) -> None:
    """Raise `RecordError` if a run would execute files that no search of this user began with."""
    for path, digest in current_digests(code).items():
        if not _is_known(digest):
            allowed = command_line("resume", folder, "--allow-code")
            raise RecordError(
                f"{folder} would execute {path}, with which no search of yours began; read it, "
                f"then allow it with: {allowed}"
            )


def _is_known(digest: str) -> bool:
    with suppress(OSError, RuntimeError):
        return (_known_code() / digest).exists()
    return False


def _known_code() -> Path:
    """Return the folder of the digests; raise `OSError` if others could have written it."""
    # Beside the folder of compiled code, in which old folders are removed.
    folder = user_folder().with_name("lionhunt-known-code")
    make_own(folder)
    return folder


def _anew(folder: Path) -> str:
    return f"search anew with: {command_line('resume', folder, '--rescore', '--allow-code')}"
