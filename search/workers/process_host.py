"""The host of workers on this machine: plain processes, which speak over sockets."""

import json
import multiprocessing.connection
import os
import pickle
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import cloudpickle

from lionhunt.search.errors import WorkerError, first_line
from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import MakeScorer
from lionhunt.search.workers.host import WorkerDied, WorkerRaised

MAX_AT_ONCE = 2**15
"""The largest message, in bytes, that a socket takes from us even while nobody reads it."""

# The worker imports from where this process does, and not from the current folder.
_CODE = (
    "import json, sys; sys.path[:] = json.loads(sys.argv[2]); "
    "from lionhunt.search.workers.worker import serve; serve(int(sys.argv[1]))"
)
_VISIBLE = "CUDA_VISIBLE_DEVICES"
_LAST_BYTES = 4096
_END_SECONDS = 1.0


class ProcessHost:
    """A host of processes on this machine; they end when this process does.

    GPUs of NVIDIA are dealt out in turn: each worker sees one.

    Args:
        make_scorer: called in each worker.
        memory_gib: the limit of each worker's memory; None for no limit.
    """

    is_shared = False

    def __init__(self, make_scorer: MakeScorer, memory_gib: float | None = None):
        self._arguments = cloudpickle.dumps((make_scorer, memory_gib))
        self._gpus = visible_gpus()
        self._num_started = 0
        self._workers: dict[Connection, _WorkerProcess] = {}

    def start_worker(self) -> "_WorkerProcess":
        environment = dict(os.environ)
        if self._gpus:
            environment[_VISIBLE] = self._gpus[self._num_started % len(self._gpus)]
        self._num_started += 1
        worker = _WorkerProcess(self._arguments, environment)
        self._workers[worker.connection] = worker
        return worker

    def wait(self, seconds: float) -> Iterator["_WorkerProcess"]:
        self._workers = {c: worker for c, worker in self._workers.items() if not c.closed}
        for connection in multiprocessing.connection.wait(list(self._workers), seconds):
            # The receiver of an earlier answer may have killed this worker.
            if not connection.closed:  # type: ignore[union-attr]
                yield self._workers[connection]  # type: ignore[index]

    def check(self) -> None:
        pass

    def close(self) -> None:
        for connection, worker in self._workers.items():
            if not connection.closed:
                worker.kill()


class _WorkerProcess:
    """A worker in a process of its own.

    Args:
        arguments: of `search.workers.worker.Worker`, as bytes.
        environment: its environment variables.

    Raises:
        WorkerError: the process cannot be started.
    """

    def __init__(self, arguments: bytes, environment: dict[str, str]):
        # A user's task may print without end; what it prints to the standard output is lost.
        self._errors = tempfile.TemporaryFile()
        ours, theirs = socket.socketpair()
        with theirs:
            number = str(theirs.fileno())
            try:
                self._process = subprocess.Popen(
                    [sys.executable, "-P", "-c", _CODE, number, json.dumps(sys.path)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=self._errors,
                    pass_fds=(theirs.fileno(),),
                    env=environment,
                    # Ctrl-C is for the driver.
                    start_new_session=True,
                )
            except OSError as error:
                ours.close()
                self._errors.close()
                raise WorkerError(
                    f"a worker cannot be started ({first_line(error)}); end other programs, or "
                    "give --workers 0, which needs no worker"
                ) from error
        self.connection = Connection(ours.detach())
        self._sender: threading.Thread | None = None
        self._send(arguments)

    def ask(self, jobs: Sequence[AnyJob]) -> None:
        self._send(cloudpickle.dumps(jobs))

    def answer(self) -> list[Measurement]:
        try:
            answer = pickle.loads(self.connection.recv_bytes())
        except (EOFError, OSError):
            raise WorkerDied(self._last_words()) from None
        if isinstance(answer, BaseException):
            raise WorkerRaised(answer)
        return answer

    def kill(self) -> None:
        # A task may have started processes: they have the group of the worker.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        # It ends, since nobody will read. The number of a closed socket may be another's.
        if self._sender is not None:
            self._sender.join()
        self.connection.close()
        self._errors.close()

    def _send(self, message: bytes) -> None:
        if self._sender is not None:
            self._sender.join()
            self._sender = None
        if len(message) <= MAX_AT_ONCE:
            self._try_to_send(message)
        else:
            # A worker that was stopped reads nothing, and must not stop this process.
            self._sender = threading.Thread(target=self._try_to_send, args=(message,), daemon=True)
            self._sender.start()

    def _try_to_send(self, message: bytes) -> None:
        # `Host.wait` notices a worker that has died.
        with suppress(OSError):
            self.connection.send_bytes(message)

    def _last_words(self) -> str:
        """Return why the process ended: the end of what it printed, or its status."""
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(_END_SECONDS)
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _LAST_BYTES))
        lines = self._errors.read().decode("utf-8", "replace").split("\n")
        printed = [line.strip() for line in lines if line.strip()]
        return printed[-1] if printed else f"it ended with status {self._process.poll()}"


def visible_gpus() -> list[str]:
    """Return the GPUs of NVIDIA that workers may use, as CUDA names them."""
    named = os.environ.get(_VISIBLE)
    if named is not None:
        return [name.strip() for name in named.split(",") if name.strip()]
    devices = Path("/dev").glob("nvidia[0-9]*")
    return sorted(device.name.removeprefix("nvidia") for device in devices)
