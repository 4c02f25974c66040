"""Measurements in a new process, so that nothing that ran before has a part in them."""

import multiprocessing
import os
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")

STATM = Path("/proc/self/statm")


def run_apart(function: Callable[..., T], *args: Any) -> T:
    """Call a function in a new process, and return its result.

    Args:
        function: of a module, as the new process imports it.
        args: values that can be pickled.
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        return process.submit(function, *args).result()


def resident_mib() -> float:
    """Return the memory of this process in MiB; 0 where /proc is missing."""
    if not STATM.exists():
        return 0.0
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20
