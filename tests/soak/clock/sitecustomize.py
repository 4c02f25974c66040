"""Moves the wall clock of the Python processes of a run by what a file says; loaded as they start.

`time.monotonic` is what it was, as when somebody sets the clock of a machine.
"""

import os
import time

FILE = os.environ.get("SOAK_CLOCK")


def _shift() -> float:
    """In seconds."""
    try:
        with open(FILE or "") as file:
            return float(file.read())
    except (OSError, ValueError):  # there is none, or it is being written
        return 0.0


def _move(real_time=time.time, real_time_ns=time.time_ns) -> None:
    time.time = lambda: real_time() + _shift()
    time.time_ns = lambda: real_time_ns() + round(_shift() * 1e9)


if FILE:
    _move()
