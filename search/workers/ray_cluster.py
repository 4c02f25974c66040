"""Connects to Ray: to one of its own on this machine, or to a cluster that is there already."""

import logging
import os
import re
import signal
import socket
import warnings
from typing import Any

from lionhunt.search.errors import WorkerError

LOCAL = "local"
"""The address of a Ray that is started on this machine, and ends with the connection."""

ANSWER_SECONDS = 5.0
"""Time that a cluster has to answer."""


def connect(address: str, num_workers: int) -> Any:
    """Connects this process, and returns the module `ray`.

    Args:
        address: `LOCAL`; or host:port of the head of a cluster that this machine is a node of; or
            "auto", which finds that.
        num_workers: cores of a Ray of its own.

    Raises:
        WorkerError: there is no such cluster, or Ray does not start.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray has a paragraph to say of every death; here that is an everyday matter, or told.
    deaths = "worker died|workers? .*killed|marked dead|is terminated"
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", deaths)
    import ray
    import ray.exceptions

    if address == LOCAL:
        how: dict[str, Any] = {"address": LOCAL, "num_cpus": num_workers}
        how |= {"include_dashboard": False, "object_store_memory": 128 * 2**20}
    else:
        how = {"address": _find_head(address)}
    on_terminate = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
    with warnings.catch_warnings():
        # JAX warns of any fork; Ray's is followed at once by exec, which is safe.
        warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
        try:
            ray.init(log_to_driver=False, logging_level=logging.ERROR, **how)
        except Exception as error:  # Ray raises that very type where a node is slow to start
            refusal = _not_started if address == LOCAL else _refused
            raise refusal(address, error) from error
    signal.signal(signal.SIGTERM, on_terminate)  # Ray puts its own there
    return ray


def _find_head(address: str) -> str:
    """The address of the head, which answers: Ray would wait for one without end."""
    from ray._private.services import canonicalize_bootstrap_address_or_die

    try:
        head = canonicalize_bootstrap_address_or_die(address)
    except (ConnectionError, ValueError, OSError) as error:
        raise _no_cluster(address, error) from None
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


def _not_started(_: str, error: Exception) -> WorkerError:
    return WorkerError(
        f"Ray does not start on this machine ({_first_line(error)}); is there room in /tmp and "
        "/dev/shm, and memory? Try again, or --workers 0, which does without"
    )


def _refused(address: str, error: Exception) -> WorkerError:
    """What to do about a cluster that does not take this process, as one of another version."""
    if "Authenticat" in f"{error} {error.__cause__}":
        return WorkerError(
            f"the Ray cluster at '{address}' asks for a token: set RAY_AUTH_MODE=token for this "
            "command and for every 'ray start', with one ~/.ray/auth_token on all nodes"
        )
    versions = re.findall(r"Ray: (\S+)\s+Python: (\S+)", str(error))
    if "Version mismatch" in str(error) and len(versions) == 2:
        there, here = (f"Ray {of_ray} and Python {of_python}" for of_ray, of_python in versions)
        return WorkerError(
            f"the Ray cluster at '{address}' was started with {there}, this command has {here}: "
            "install the same versions on every node and here"
        )
    return _no_cluster(address, error)


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _no_cluster(address: str, error: Exception | str) -> WorkerError:
    reason = _first_line(error) if isinstance(error, Exception) else error
    return WorkerError(
        f"no Ray cluster at '{address}' ({reason}); start one with 'ray "
        f"start --head', or give --ray-address {LOCAL} for this machine alone"
    )
