"""Shift of the wall clock of Python processes, by seconds in a file; Python loads this at start.

`time.monotonic` does not change, as when you set the clock of a machine.
"""

import os
import time

FILE = os.environ.get("SOAK_CLOCK")


def _shift() -> float:
    """Return the shift in seconds."""
    try:
        with open(FILE or "") as file:
            return float(file.read())
    # The file may be missing, or half written.
    except (OSError, ValueError):
        return 0.0


def _move(real_time=time.time, real_time_ns=time.time_ns) -> None:
    time.time = lambda: real_time() + _shift()
    time.time_ns = lambda: real_time_ns() + round(_shift() * 1e9)


if FILE:
    _move()
