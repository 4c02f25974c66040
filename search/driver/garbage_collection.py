"""How often Python looks for garbage that refers to itself."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

THRESHOLDS = (50_000, 20, 50)
"""Of a driver, for `gc.set_threshold`; Python's own are 700, 10, 10."""


@contextmanager
def collected_rarely() -> Iterator[None]:
    """Has it look less often in the body.

    What a driver makes is kept, or goes as soon as nothing refers to it; to go through thousands of
    programs again and again took it a fifth of its time.
    """
    before = gc.get_threshold()
    gc.set_threshold(*THRESHOLDS)
    try:
        yield
    finally:
        gc.set_threshold(*before)
