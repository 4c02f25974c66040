"""The worker that scores; it imports little, since every worker process imports it first."""

import os
import pickle
import select
import sys
import threading
import traceback
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import cloudpickle

from lionhunt.search.errors import first_line
from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import CompilingScorer, MakeScorer, Scorer
from lionhunt.search.sampling import VARIABLE, Sampler
from lionhunt.search.workers.retry import is_environment_error
from lionhunt.search.workers.xla_environment import set_xla_environment

NAME = "lionhunt-worker"
"""The name of a worker's process, where the system lets it choose one; at most 15 characters."""
NICENESS = 15
"""Workers give way to all other processes: to the driver first of all."""


class Worker:
    """A worker that makes one scorer, and scores with it."""

    def __init__(self, make_scorer: MakeScorer, memory_gib: float | None):
        set_xla_environment()
        limit_memory(memory_gib)
        self._make_scorer = make_scorer
        self._scorer: Scorer | None = None

    def evaluate(self, jobs: Sequence[AnyJob]) -> list[Measurement]:
        # The scorer is not made in `__init__`, where Ray would hide an error.
        if self._scorer is None:
            self._scorer = self._make_scorer()
            if isinstance(self._scorer, CompilingScorer):
                # It imports JAX.
                from lionhunt.search.workers.compile_cache import compile_shared

                compile_shared(self._scorer.compilations(jobs[0]))
        return self._scorer.evaluate(jobs)


def limit_memory(gib: float | None) -> None:
    """Limit this process to `gib` GiB of data memory (Linux only)."""
    if gib is not None and sys.platform == "linux":
        import resource

        # Data is private writable memory; JAX reserves far more addresses than it uses.
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (round(gib * 2**30), most))


def serve(file_descriptor: int) -> None:
    """Score for the process at the other end of a socket until it ends, or closes the socket.

    The first message holds the arguments of `Worker`, each later one jobs. Every answer is a list
    of measurements, or an error.
    """
    connection = Connection(file_descriptor)
    threading.Thread(target=_end_with_the_other_end, args=(file_descriptor,), daemon=True).start()
    os.nice(NICENESS)
    # Only Linux has these. Short of memory, it ends a worker before all other processes.
    with suppress(OSError):
        Path("/proc/self/comm").write_text(NAME)
        Path("/proc/self/oom_score_adj").write_text("1000")
    if folder := os.environ.get(VARIABLE):
        Sampler(Path(folder) / f"{os.getpid()}.json")
    worker = Worker(*pickle.loads(connection.recv_bytes()))
    with suppress(EOFError):
        while True:
            jobs = pickle.loads(connection.recv_bytes())
            try:
                answer = cloudpickle.dumps(worker.evaluate(jobs))
            except Exception as error:
                answer = _pack_error(error)
            connection.send_bytes(answer)


def _end_with_the_other_end(file_descriptor: int) -> None:
    """End this process as soon as the other end is closed, also in the middle of a candidate."""
    hang_up = select.poll()
    hang_up.register(file_descriptor, 0)
    hang_up.poll()
    os._exit(1)


def _pack_error(error: Exception) -> bytes:
    """Return an error as bytes; in place of one that cannot be sent, one of the same name."""
    # The message of an environment error says all.
    if not is_environment_error(error):
        error.add_note(f"in a worker:\n{traceback.format_exc()}")
    # The objects of a user raise anything.
    try:
        packed = cloudpickle.dumps(error)
        pickle.loads(packed)
    except Exception:
        substitute = type(type(error).__name__, (Exception,), {"__module__": "__main__"})
        return cloudpickle.dumps(substitute(first_line(error)))
    return packed
