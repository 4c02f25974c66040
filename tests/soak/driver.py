"""A search as a process: its child processes, its memory and its progress."""

import os
import subprocess
import sys
import time
from pathlib import Path

from lionhunt.search.errors import RecordError
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.worker import NAME
from tests.soak.processes import Process, below

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join(map(str, (ROOT, Path(__file__).with_name("clock"))))


class SoakError(Exception):
    """A failed check of the soak test."""


class Driver:
    """A command of lionhunt on a run.

    Args:
        words: arguments of Python.
        folder: folder of the run.
        log: path of its output, with other suffixes.
    """

    def __init__(self, words: list[str], folder: Path, log: Path):
        self.folder = folder
        self.log = log
        self._err, self._out = log.with_suffix(".err"), log.with_suffix(".out")
        self._clock = log.with_suffix(".clock")
        with self._out.open("w") as stdout, self._err.open("w") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, *words],
                stdout=stdout,
                stderr=stderr,
                cwd=ROOT,
                env=os.environ | {"PYTHONPATH": PATH, "SOAK_CLOCK": str(self._clock)},
                start_new_session=True,
            )
        self.pid = self._process.pid
        self.children: set[Process] = set()
        self.memory = self.worker_memory = 0.0

    def status(self) -> int | None:
        """Return the exit status; None while it runs."""
        return self._process.poll()

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def set_clock(self, seconds: float) -> None:
        """Shift the wall clock of its processes by `seconds`."""
        self._clock.write_text(str(seconds))

    def look(self) -> list[Process]:
        """Return its running child processes, and note their memory."""
        now = below(self.pid)
        self.children.update(now)
        self.memory = max(self.memory, Process(self.pid, 0, "").memory())
        sizes = [process.memory() for process in now if is_worker(process)]
        self.worker_memory = max(self.worker_memory, *sizes, 0.0)
        return now

    def workers(self) -> list[Process]:
        return [process for process in self.look() if is_worker(process)]

    def count(self) -> int:
        """Return the number of programs recorded so far."""
        try:
            with RunStore.open_to_read(self.folder) as records:
                return records.count()
        except RecordError:
            return 0

    def is_complete(self) -> bool:
        """Return True if all programs of the run are recorded."""
        with RunStore.open_to_read(self.folder) as records:
            return records.count() == records.info()["config"]["num_programs"]

    def wait_for_end(self, seconds: float) -> int:
        """Return the exit status; raise `SoakError` if it does not end."""
        end = time.monotonic() + seconds
        while self.status() is None:
            if time.monotonic() > end:
                raise SoakError(f"has not ended after {seconds:.0f} s")
            self.look()
            time.sleep(0.2)
        return self._process.wait()

    def wait_for_programs(self, count: int, seconds: float) -> bool:
        """Wait until `count` programs are recorded; return False if the run has ended."""
        end = time.monotonic() + seconds
        while self.status() is None and self.count() < count:
            if time.monotonic() > end:
                raise SoakError(f"has not come to {count} programs in {seconds:.0f} s")
            self.look()
            time.sleep(0.2)
        return self.status() is None

    def last_line(self) -> str:
        """Return the last line of its output."""
        return self._out.read_text().splitlines()[-1]

    def expect(self, status: int, message: str, seconds: float = 60.0) -> None:
        """Wait for its end; check its exit status, and the one line of its error."""
        actual, error = self.wait_for_end(seconds), self._err.read_text()
        lines = [line for line in error.splitlines() if line.startswith(("lionhunt:", "Traceback"))]
        if actual != status or message and not (len(lines) == 1 and message in lines[0]):
            raise SoakError(f"ended with {actual}: {error[-2000:]}")


def is_worker(process: Process) -> bool:
    return process.name == NAME


def lionhunt(words: list[str]) -> list[str]:
    """Return arguments of Python that run the command from this source."""
    return ["-m", "lionhunt.search.cli", *words]
