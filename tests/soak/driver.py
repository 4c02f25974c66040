"""A search as a process, with all that it starts, and how far it is."""

import os
import subprocess
import sys
import time
from pathlib import Path

from lionhunt.search.errors import RecordError
from lionhunt.search.storage.run_store import RunStore
from tests.soak.processes import Process, below

ROOT = Path(__file__).parents[2]
PATH = os.pathsep.join(map(str, (ROOT, Path(__file__).with_name("clock"))))


class SoakError(Exception):
    """Something was not as it should be."""


class Driver:
    """A command of lionhunt on a run.

    Args:
        words: of the command.
        folder: of the run.
        log: where what it prints is kept.
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
        self.seen: set[Process] = set()
        self.memory = self.worker_memory = 0.0

    def status(self) -> int | None:
        """The exit status, once it has ended."""
        return self._process.poll()

    def send(self, number: int) -> None:
        self._process.send_signal(number)

    def set_clock(self, seconds: float) -> None:
        """Has the wall clock of its processes be so much later than that of the machine."""
        self._clock.write_text(str(seconds))

    def look(self) -> list[Process]:
        """All that it has started and that runs now."""
        now = below(self.pid)
        self.seen.update(now)
        self.memory = max(self.memory, Process(self.pid, 0, "").memory())
        sizes = [each.memory() for each in now if is_worker(each)]
        self.worker_memory = max(self.worker_memory, *sizes, 0.0)
        return now

    def workers(self) -> list[Process]:
        return [each for each in self.look() if is_worker(each)]

    def count(self) -> int:
        """Programs recorded so far."""
        try:
            with RunStore.open_to_read(self.folder) as records:
                return records.count()
        except RecordError:
            return 0

    def is_complete(self) -> bool:
        """Whether all programs of the run are recorded."""
        with RunStore.open_to_read(self.folder) as records:
            return records.count() == records.info()["config"]["num_programs"]

    def wait_for_end(self, seconds: float) -> int:
        """The exit status; raises `SoakError` if it does not end."""
        end = time.monotonic() + seconds
        while self.status() is None:
            if time.monotonic() > end:
                raise SoakError(f"has not ended after {seconds:.0f} s")
            self.look()
            time.sleep(0.2)
        return self._process.wait()

    def wait_for_programs(self, count: int, seconds: float) -> bool:
        """Waits until so many are recorded; whether the run goes on."""
        end = time.monotonic() + seconds
        while self.status() is None and self.count() < count:
            if time.monotonic() > end:
                raise SoakError(f"has not come to {count} programs in {seconds:.0f} s")
            self.look()
            time.sleep(0.2)
        return self.status() is None

    def last_line(self) -> str:
        """Of what it has printed; before it, Ray may have something to say."""
        return self._out.read_text().splitlines()[-1]

    def expect(self, status: int, said: str, seconds: float = 60.0) -> None:
        """Waits for its end, with a status and one line that says something."""
        found, error = self.wait_for_end(seconds), self._err.read_text()
        lines = [line for line in error.splitlines() if line.startswith(("lionhunt:", "Traceback"))]
        if found != status or said and not (len(lines) == 1 and said in lines[0]):
            raise SoakError(f"ended with {found}: {error[-2000:]}")


def is_worker(process: Process) -> bool:
    """Whether it is an actor of `search`; all others that Ray starts are named otherwise."""
    return process.name.startswith("ray::Worker")


def lionhunt(words: list[str]) -> list[str]:
    """The command, of this folder's source."""
    return ["-c", "from lionhunt.search.cli.main import main; main()", *words]
