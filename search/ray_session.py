"""A connection to Ray: to one of its own on this machine, or to a cluster that is there already."""

import logging
import os
import signal
import socket
import time
import warnings
from typing import Any

LOCAL = "local"
"""The address of a Ray that is started on this machine, and ends with the connection."""

ANSWER_SECONDS = 5.0
"""Time that a head has to answer, and time between two questions."""
MAX_UNANSWERED = 4
"""Questions in a row after which a head is gone. Ray itself ends a process whose head has been gone
for a minute, without a word of how to go on."""


class WorkerError(Exception):
    """Workers that cannot go on: one line that says why and what to do."""


class RaySession:
    """An open connection.

    Args:
        address: `LOCAL`; or of a cluster's head, host:port, where this machine is a node of it; or
            "auto", which finds the cluster that this machine is a node of.
        num_workers: cores of a Ray of its own.

    Attributes:
        ray: the module.
        is_cluster: whether there may be other machines, and other users.

    Raises:
        WorkerError: there is no such cluster.
    """

    def __init__(self, address: str, num_workers: int):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Ray has a paragraph to say of every worker that dies; here that is an everyday matter.
        os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "worker died|workers? .*killed")
        import ray
        import ray.exceptions

        self.ray: Any = ray
        self.is_cluster = address != LOCAL
        if self.is_cluster:
            how: dict[str, Any] = {"address": _find_head(address)}
        else:
            how = {"address": LOCAL, "num_cpus": num_workers, "include_dashboard": False}
            how["object_store_memory"] = 128 * 2**20
        on_terminate = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
        with warnings.catch_warnings():
            # JAX warns of any fork; Ray's is followed at once by exec, which is safe.
            warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
            try:
                ray.init(log_to_driver=False, logging_level=logging.ERROR, **how)
            except (ConnectionError, RuntimeError) as error:  # as of another version of Ray
                if not self.is_cluster:
                    raise
                raise _no_cluster(address, str(error)) from None
        signal.signal(signal.SIGTERM, on_terminate)  # Ray puts its own there
        self._head: str = ray.get_runtime_context().gcs_address
        self._num_unanswered = 0
        self._asked = time.monotonic()

    def check(self) -> None:
        """Raises `WorkerError` if the head is gone; asks it now and then."""
        now = time.monotonic()
        if now - self._asked < ANSWER_SECONDS:
            return
        self._asked = now
        self._num_unanswered = 0 if _answers(self._head) else self._num_unanswered + 1
        if self._num_unanswered >= MAX_UNANSWERED:
            raise WorkerError(
                f"the Ray head at {self._head} is gone; all that was recorded is safe: start Ray "
                "again if it was a cluster's, and go on as after any stop (lionhunt resume RUN)"
            )

    def close(self) -> None:
        """Ends this connection and its workers; of a cluster nothing else."""
        self.ray.shutdown()


def _find_head(address: str) -> str:
    """The address of the head, which answers: Ray would wait for one without end."""
    from ray._private.services import canonicalize_bootstrap_address_or_die

    try:
        head = canonicalize_bootstrap_address_or_die(address)
    except (ConnectionError, ValueError, OSError) as error:
        raise _no_cluster(address, str(error)) from None
    if not _answers(head):
        raise _no_cluster(address, f"nothing answers at {head}")
    return head


def _answers(head: str) -> bool:
    host, _, port = head.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), ANSWER_SECONDS):
            return True
    except OSError:
        return False


def _no_cluster(address: str, reason: str) -> WorkerError:
    return WorkerError(
        f"no Ray cluster at '{address}' ({reason.partition(chr(10))[0]}); start one with 'ray "
        f"start --head', or give --ray-address {LOCAL} for this machine alone"
    )
