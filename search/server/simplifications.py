"""Commands in processes of their own: simplifications, one at a time, and short answers."""

import enum
import json
import subprocess
import sys
import threading
from collections import OrderedDict, deque
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from lionhunt.errors import LionhuntError

MAX_KEPT = 50
"""Simplifications that are remembered."""
MAX_SECONDS = 120
"""Time limit of a command whose answer a page waits for."""
MAX_LINE = 500
"""Characters of a line of progress."""
# A search that runs comes first.
COMMAND = ("nice", "-n", "15", sys.executable, "-m", "lionhunt.search.cli")
"""The words that begin a command of lionhunt."""


def answer(*words: str) -> Any:
    """Return the JSON that a command prints, which a process of its own runs.

    Raises:
        LionhuntError: the command fails, or takes too long.
    """
    try:
        done = subprocess.run(
            (*COMMAND, *words), stdin=subprocess.DEVNULL, capture_output=True, timeout=MAX_SECONDS
        )
    except subprocess.TimeoutExpired:
        raise LionhuntError(f"no answer in {MAX_SECONDS} s; run it yourself") from None
    if done.returncode:
        message = done.stderr.decode(errors="replace").strip()
        raise LionhuntError(message.removeprefix("lionhunt: ") or "it failed")
    return json.loads(done.stdout)


class JobState(enum.StrEnum):
    """The state of a simplification."""

    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class SimplificationJob:
    """One simplification.

    Args:
        number: of the job, from 1.
        name: of the run.
        index: of the program.
        command: prints the result as JSON, and its progress as lines to stderr.

    Attributes:
        state: of the job.
        line: last line of its progress, or its error.
        summary: what `lionhunt simplify --json` prints, at its end.
    """

    def __init__(self, number: int, name: str, index: int, command: Sequence[str]):
        self.number, self.name, self.index = number, name, index
        self.state = JobState.WAITING
        self.line = ""
        self.summary: dict[str, Any] | None = None
        self._command = command
        self._process: subprocess.Popen[str] | None = None

    @property
    def version(self) -> str:
        """Return a text that changes with the job."""
        return f"{self.state}-{self.line}"

    @property
    def is_last(self) -> bool:
        """Return True if nothing will change any more."""
        return self.state in (JobState.DONE, JobState.FAILED)

    def has(self, command: Sequence[str]) -> bool:
        """Return True if it runs that command."""
        return self._command == command

    def run(self) -> None:
        """Run to the end."""
        pipe = subprocess.PIPE
        self.state = JobState.RUNNING
        with subprocess.Popen(
            self._command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        ) as process:
            self._process = process
            assert process.stdout is not None and process.stderr is not None
            # The result may be longer than a pipe holds.
            output = deque[str](maxlen=1)
            stdout = process.stdout
            reader = threading.Thread(target=lambda: output.append(stdout.read()), daemon=True)
            reader.start()
            for line in process.stderr:
                self.line = line.strip()[:MAX_LINE]
            reader.join()
        self._end(output[0] if output else "", process.returncode)

    def _end(self, output: str, status: int) -> None:
        if status == 0:
            with suppress(ValueError):
                self.summary = json.loads(output)
        self.state = JobState.DONE if self.summary is not None else JobState.FAILED
        self.line = self.line if self.state is JobState.FAILED else ""

    def stop(self) -> None:
        """End the process, if it runs."""
        if self._process is not None:
            self._process.terminate()


class Simplifications:
    """The simplifications of this server. It is a context, which ends those that run."""

    def __init__(self) -> None:
        self._jobs: OrderedDict[int, SimplificationJob] = OrderedDict()
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._num_started = 0
        self._is_closed = False

    def __enter__(self) -> "Simplifications":
        return self

    def __exit__(self, *error: object) -> None:
        self._is_closed = True
        with self._lock:
            for job in self._jobs.values():
                job.stop()

    def start(self, name: str, folder: Path, index: int, exact_only: bool) -> SimplificationJob:
        """Start a simplification, or return the one of the same program that goes on.

        Args:
            name: of the run.
            folder: of the run.
            index: of the program.
            exact_only: measure nothing.

        Raises:
            LionhuntError: too many wait.
        """
        words = ["simplify", f"{folder.resolve()}:{index}", "--json", "--workers", "0"]
        words += ["--exact-only"] * exact_only
        command = (*COMMAND, *words)
        with self._lock:
            for job in self._jobs.values():
                if job.has(command) and not job.is_last:
                    return job
            if sum(not job.is_last for job in self._jobs.values()) >= MAX_KEPT:
                raise LionhuntError("too many simplifications wait; come back later")
            self._num_started += 1
            job = SimplificationJob(self._num_started, name, index, command)
            self._jobs[job.number] = job
            while len(self._jobs) > MAX_KEPT:
                self._jobs.pop(next(n for n, old in self._jobs.items() if old.is_last))
        threading.Thread(target=self._run_in_turn, args=(job,), daemon=True).start()
        return job

    def get(self, number: int) -> SimplificationJob | None:
        """Return a simplification; None if there is none of that number."""
        return self._jobs.get(number)

    def _run_in_turn(self, job: SimplificationJob) -> None:
        with self._turn:
            if not self._is_closed:
                job.run()
