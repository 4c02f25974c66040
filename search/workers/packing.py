"""Code that workers run: the user's by value, and modules from no folder but this process's own."""

import contextlib
import os
import pickle
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import cloudpickle

from lionhunt.search.errors import WorkerError, first_line


def pickle_by_value(modules: Iterable[ModuleType]) -> None:
    """Let workers get what these modules define with the objects that need it.

    Other modules they import by name.
    """
    for module in modules:
        cloudpickle.register_pickle_by_value(module)


def pack(function: Callable[[], Any]) -> bytes:
    """Return a function as bytes; raise `WorkerError` if it holds what cannot be sent."""
    try:
        return cloudpickle.dumps(function)
    # The objects of a user raise anything.
    except Exception as error:
        raise WorkerError(
            f"your code cannot be sent to workers ({type(error).__name__}: {first_line(error)}); "
            "make that object inside a function, or give --workers 0"
        ) from None


def unpack(packed: bytes) -> Callable[[], Any]:
    """Return a function from its bytes; raise `WorkerError` if this worker lacks a module."""
    try:
        return pickle.loads(packed)
    except Exception as error:
        raise WorkerError(
            f"a worker cannot load your code ({type(error).__name__}: {first_line(error)}); "
            "install on every machine what they import"
        ) from None


@contextmanager
def own_module_paths() -> Iterator[None]:
    """Connect to Ray in the body where workers import from no folder that this process does not.

    Ray lets workers import from the current folder, before all others. A `numpy.py` in the folder
    of a run, which may come from somebody else, would be executed there.
    """
    is_ours = {"", os.getcwd()} & set(sys.path)
    with contextlib.nullcontext() if is_ours else contextlib.chdir(os.sep):
        yield
