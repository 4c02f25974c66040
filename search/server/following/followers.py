"""The runs that somebody looks at, each with its follower."""

import tempfile
import threading
from collections import OrderedDict
from contextlib import ExitStack
from pathlib import Path

from lionhunt.search.server.following.run_follower import RunFollower

MAX_FOLLOWED = 8
"""Runs that are kept; each of 300,000 programs takes some hundred megabytes of disk."""


class Followers:
    """The followers by folder; the one that was not asked for longest goes first.

    It is a context, which removes their files at its end.
    """

    def __init__(self) -> None:
        self._followers: OrderedDict[Path, RunFollower] = OrderedDict()
        self._lock = threading.Lock()
        self._stack = ExitStack()
        self._num_made = 0

    def __enter__(self) -> "Followers":
        scratch = tempfile.TemporaryDirectory(prefix="lionhunt-", ignore_cleanup_errors=True)
        self._scratch = Path(self._stack.enter_context(scratch))
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()

    def of(self, folder: Path) -> RunFollower:
        """Return the follower of a run.

        A run that was made anew in the folder has a follower of its own.
        """
        with self._lock:
            found = self._followers.get(folder)
            if found is None or found.is_outdated():
                self._num_made += 1
                found = RunFollower(folder, self._scratch / f"{self._num_made}.sqlite")
                self._followers[folder] = found
            self._followers.move_to_end(folder)
            if len(self._followers) > MAX_FOLLOWED:
                self._followers.popitem(last=False)
            return found
