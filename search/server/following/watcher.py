"""A value that a thread keeps up to date while somebody looks at it."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

from lionhunt.errors import LionhuntError

T = TypeVar("T")

MIN_SECONDS, SHARE = 1.0, 0.1
"""Seconds between two updates, and the share of time that updates may take."""
IDLE_SECONDS = 30.0
"""Seconds without a look after which the thread ends; the next look starts another."""
PATIENCE = 0.1
"""Seconds that a look waits for the first value."""


class Watcher(Generic[T]):
    """A value and the thread that updates it.

    Args:
        update: returns the value, and True if it should be called again at once. A thread calls
            it, and nothing else does.
    """

    def __init__(self, update: Callable[[], tuple[T, bool]]):
        self._update = update
        self._value: T | None = None
        self._problem: LionhuntError | None = None
        self._is_new = threading.Condition()
        self._last_look = 0.0
        self._thread: threading.Thread | None = None

    def look(self) -> T | None:
        """Return the last value; None if the first one takes longer than a page may wait.

        Raises:
            LionhuntError: the last update failed.
        """
        with self._is_new:
            self._last_look = time.monotonic()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._follow, daemon=True)
                self._thread.start()
            if self._value is None and self._problem is None:
                self._is_new.wait(PATIENCE)
            if self._problem is not None:
                raise self._problem
            return self._value

    def _follow(self) -> None:
        while time.monotonic() - self._last_look < IDLE_SECONDS:
            begin = time.monotonic()
            is_behind = self._update_once()
            spent = time.monotonic() - begin
            time.sleep(0.0 if is_behind else max(MIN_SECONDS, spent / SHARE - spent))

    def _update_once(self) -> bool:
        """Update the value, or keep the problem for those who look."""
        value, is_behind, problem = self._value, False, None
        try:
            value, is_behind = self._update()
        except LionhuntError as error:
            problem = error
        # Files may come from a stranger, and the thread must go on.
        except Exception as error:
            problem = LionhuntError(f"cannot be shown: {type(error).__name__}: {error}")
        with self._is_new:
            self._value, self._problem = value, problem
            self._is_new.notify_all()
        return is_behind
