"""The liveness and the end of the Ray that the workers belong to."""

import socket
import time
from typing import Any

from lionhunt.search.errors import WorkerError

CHECK_SECONDS = 1.0
"""The time between two checks."""
TIMEOUT = 1.0
"""The time that a check waits for an answer."""
MAX_SILENT = 15
"""Checks in a row without an answer after which a machine counts as gone: half a minute."""


class RayHead:
    """The Ray that this process is connected to.

    Ray kills a process seconds after its Ray has gone, with no word of what to do. The pool checks
    for that itself, and raises a `WorkerError` before Ray does.

    Args:
        ray: the module, initialized.
    """

    def __init__(self, ray: Any):
        self._ray = ray
        context = ray.get_runtime_context()
        host, _, port = context.gcs_address.rpartition(":")
        (node,) = (n for n in ray.nodes() if n["NodeID"] == context.get_node_id())
        self._addresses = [
            (host.strip("[]"), int(port)),
            (node["NodeManagerAddress"], node["NodeManagerPort"]),
        ]
        self._last_check = time.monotonic()
        self._num_silent = 0

    def check(self) -> None:
        """Raise `WorkerError` if Ray has gone; check at most once in `CHECK_SECONDS`."""
        now = time.monotonic()
        if now - self._last_check < CHECK_SECONDS:
            return
        self._last_check = now
        is_silent = False
        for address in self._addresses:
            try:
                socket.create_connection(address, timeout=TIMEOUT).close()
            except ConnectionRefusedError:
                raise self._gone() from None
            # Ray may be busy, or the network down for a moment.
            except OSError:
                is_silent = True
        self._num_silent = self._num_silent + 1 if is_silent else 0
        if self._num_silent >= MAX_SILENT:
            raise self._gone()

    def _gone(self) -> WorkerError:
        return WorkerError(
            "Ray has gone, as if it was killed; start the cluster again, then give the command "
            "again, or resume the run"
        )

    def close(self) -> None:
        """Disconnect."""
        self._ray.shutdown()
