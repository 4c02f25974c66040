"""The folders that workers import modules from."""

import contextlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def own_module_paths() -> Iterator[None]:
    """Start Ray in the body where workers import from no folder that this process does not.

    Ray lets workers import from the current folder, before all others. A `numpy.py` in the folder
    of a run, which may come from somebody else, would be executed there.
    """
    is_ours = {"", os.getcwd()} & set(sys.path)
    with contextlib.nullcontext() if is_ours else contextlib.chdir(os.sep):
        yield
