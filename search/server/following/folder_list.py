"""The list of runs and experiments, which is kept up to date while somebody looks."""

from pathlib import Path
from typing import Any

from lionhunt.search.api.folders import change_of, find_folders, summarize_folder
from lionhunt.search.server.following.watcher import Watcher
from lionhunt.search.server.names import to_name


class FolderList:
    """The list of a folder; see `lionhunt.search.api.folders.list_folders`.

    Args:
        root: the folder that is served.
    """

    def __init__(self, root: Path):
        self._root = root
        self._known: dict[Path, tuple[Any, list[dict[str, Any]]]] = {}
        self._watcher = Watcher(self._read)

    def look(self) -> list[dict[str, Any]] | None:
        """Return the last list; None if the first one takes longer than a page may wait.

        Each entry has also the `name` of its folder in addresses.
        """
        return self._watcher.look()

    def _read(self) -> tuple[list[dict[str, Any]], bool]:
        known, entries = {}, []
        for folder in find_folders(self._root):
            change = change_of(folder)
            if (before := self._known.get(folder)) is not None and before[0] == change:
                known[folder] = before
            else:
                name = to_name(self._root, folder)
                found = [entry | {"name": name} for entry in summarize_folder(folder)]
                known[folder] = (change, found)
            entries += known[folder][1]
        self._known = known
        return entries, False
