"""The connection to a running Ray cluster."""

import logging
import os
import re
import signal
import socket
import warnings
from typing import Any

from lionhunt.search.errors import WorkerError, first_line
from lionhunt.search.workers.packing import own_module_paths

LOCAL = "local"
"""In place of an address: workers on this machine, without Ray."""

AUTO = "auto"
"""The address of the cluster that this machine is a node of."""

ANSWER_SECONDS = 5.0
"""The time that the head of a cluster has to answer."""


def connect(address: str) -> Any:
    """Connect this process to a running cluster, and return the module `ray`.

    Args:
        address: host:port of the head of a cluster with this machine as a node; or "auto", which
            finds that head.

    Raises:
        WorkerError: there is no such cluster.
    """
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
    # Ray prints a paragraph for every death; the pool expects deaths, and reports them itself.
    deaths = "worker died|workers? .*killed|marked dead|is terminated"
    os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", deaths)
    # It takes half a second, and few runs need it.
    import ray
    import ray.exceptions

    on_terminate = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
    with warnings.catch_warnings(), own_module_paths():
        # JAX warns of any fork; Ray calls exec right after its fork, which is safe.
        warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
        head = _find_head(address)
        try:
            ray.init(address=head, log_to_driver=False, logging_level=logging.ERROR)
        # Ray raises a plain Exception where a node is slow to start.
        except Exception as error:
            raise _refused(address, error) from error
        finally:
            # Ray has set a handler of its own.
            signal.signal(signal.SIGTERM, on_terminate)
    return ray


def _find_head(address: str) -> str:
    """Return the address of a head that answers; Ray would wait for one without end."""
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


def _refused(address: str, error: Exception) -> WorkerError:
    """Return the error for a cluster that refuses this process, as one of another version does."""
    if "Authenticat" in f"{error} {error.__cause__}":
        return WorkerError(
            f"the Ray cluster at '{address}' asks for a token: set RAY_AUTH_MODE=token for this "
            "command and for every 'ray start', with one ~/.ray/auth_token on all nodes"
        )
    versions = re.findall(r"Ray: (\S+)\s+Python: (\S+)", str(error))
    if "Version mismatch" in str(error) and len(versions) == 2:
        cluster, command = (f"Ray {version} and Python {python}" for version, python in versions)
        return WorkerError(
            f"the Ray cluster at '{address}' was started with {cluster}, this command has "
            f"{command}: install the same versions on every node and here"
        )
    return _no_cluster(address, error)


def _no_cluster(address: str, error: Exception | str) -> WorkerError:
    return WorkerError(
        f"no Ray cluster at '{address}' ({first_line(error)}); start one with 'ray start --head', "
        f"or give --ray-address {LOCAL} for this machine alone"
    )
