"""A value that is kept up to date: errors are raised, and pass."""

import threading

import pytest

from lionhunt.errors import LionhuntError
from lionhunt.search.server.following import watcher
from lionhunt.search.server.following.watcher import Watcher


def test_value_comes_once_it_is_there(monkeypatch):
    monkeypatch.setattr(watcher, "MIN_SECONDS", 0.01)
    go_on = threading.Event()
    numbers = iter(range(1000))

    def update():
        go_on.wait()
        return next(numbers), False

    watched = Watcher(update)
    assert watched.look() is None
    go_on.set()
    seen = set()
    while len(seen) < 3:
        seen.add(watched.look())


@pytest.mark.parametrize("error", [LionhuntError("damaged"), ZeroDivisionError("x")])
def test_errors_are_told_and_pass(monkeypatch, error):
    monkeypatch.setattr(watcher, "MIN_SECONDS", 0.01)
    fails = [True]

    def update():
        if fails:
            raise error
        return 7, False

    watched = Watcher(update)
    with pytest.raises(LionhuntError, match=str(error)):
        while watched.look() is None:
            pass
    fails.clear()
    for _ in range(1000):
        try:
            assert watched.look() == 7
            return
        except LionhuntError:
            threading.Event().wait(0.01)
    raise AssertionError("the error stays")


def test_thread_ends_when_nobody_looks(monkeypatch):
    monkeypatch.setattr(watcher, "MIN_SECONDS", 0.01)
    monkeypatch.setattr(watcher, "IDLE_SECONDS", 0.02)
    watched = Watcher(lambda: (1, False))
    before = threading.active_count()
    while watched.look() is None:
        pass
    for _ in range(500):
        if threading.active_count() <= before:
            break
        threading.Event().wait(0.01)
    assert threading.active_count() <= before and watched.look() == 1
