"""A sampling profiler: where the time of a thread goes, by parts of lionhunt.

A second thread looks at the frames of the first every few milliseconds. The innermost frame that a
rule knows decides. This costs about one percent, also where code runs in C.
"""

import json
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

VARIABLE = "LIONHUNT_PROFILE"
"""The variable with a folder in which workers leave their samples, one file each."""
INTERVAL = 0.005
WRITE_SECONDS = 0.5
OTHER = "other"
_IMPORT = "<frozen importlib"


class _Rule(NamedTuple):
    """A part, and a piece of the paths of the files whose frames belong to it."""

    part: str
    piece: str


RULES = (
    _Rule("imports", _IMPORT),
    _Rule("compiling", "jax/_src/compiler.py"),
    _Rule("training", "jax/_src/array.py"),
    _Rule("tracing", "jax/_src/"),
    _Rule("tracing", "dsl/execution/machine.py"),
    _Rule("tracing", "dsl/backends.py"),
    _Rule("tracing", "dsl/ops.py"),
    _Rule("data", "proxy_tasks/data/"),
    _Rule("data", "proxy_tasks/task_options.py"),
    _Rule("tracing", "proxy_tasks/"),
    _Rule("waiting for compiling", "search/workers/compile_cache.py"),
    _Rule("waiting", "search/workers/"),
    _Rule("records", "search/storage/"),
    _Rule("rewriting", "dsl/rewriting/"),
    _Rule("breeding", "dsl/"),
    _Rule("breeding", "search/evolution/"),
    _Rule("training", "search/evaluation/"),
    _Rule("driver's loop", "search/driver/"),
)
"""For each frame, the first rule that fits counts."""


def part_of(frame: FrameType | None) -> str:
    """Return the part that a stack of frames is in, from its innermost frame."""
    while frame is not None:
        path, caller = frame.f_code.co_filename, frame.f_back
        # A module runs as it is imported, whatever part it belongs to.
        if caller is not None and _IMPORT in caller.f_code.co_filename:
            return "imports"
        for part, piece in RULES:
            if piece in path:
                return part
        frame = caller
    return OTHER


class Sampler:
    """Samples of the thread that makes it.

    Args:
        file: gets the seconds of each part, as JSON, twice a second; None for no file.

    Attributes:
        seconds: of each part so far.
    """

    def __init__(self, file: Path | None = None):
        self.seconds: defaultdict[str, float] = defaultdict(float)
        self._file = file
        self._thread = threading.get_ident()
        self._is_over = threading.Event()
        self._sampling = threading.Thread(target=self._sample, daemon=True)
        self._sampling.start()

    def stop(self) -> None:
        self._is_over.set()
        self._sampling.join()

    def _sample(self) -> None:
        last = written = time.perf_counter()
        while not self._is_over.wait(INTERVAL):
            now = time.perf_counter()
            # A sample stands for the time since the last one.
            self.seconds[part_of(sys._current_frames().get(self._thread))] += now - last
            last = now
            if self._file is not None and now - written > WRITE_SECONDS:
                written = now
                # This process may be killed, and the file must be whole.
                part = self._file.with_suffix(".part")
                part.write_text(json.dumps(self.seconds))
                part.replace(self._file)


@contextmanager
def sampled() -> Iterator[Sampler]:
    """Sample the body."""
    sampler = Sampler()
    try:
        yield sampler
    finally:
        sampler.stop()
