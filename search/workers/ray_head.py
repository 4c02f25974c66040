"""The liveness and the end of the Ray that the workers belong to."""

import shutil
import socket
import time
from pathlib import Path
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
        is_ours: whether this process started it, and nobody else uses it.
    """

    def __init__(self, ray: Any, *, is_ours: bool):
        self._ray = ray
        self._is_ours = is_ours
        context = ray.get_runtime_context()
        host, _, port = context.gcs_address.rpartition(":")
        (node,) = (n for n in ray.nodes() if n["NodeID"] == context.get_node_id())
        self._addresses = [
            (host.strip("[]"), int(port)),
            (node["NodeManagerAddress"], node["NodeManagerPort"]),
        ]
        # The socket is SESSION/sockets/plasma_store.
        self._session_folder = Path(node["ObjectStoreSocketName"]).parents[1]
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
        first = "" if self._is_ours else "start the cluster again, then "
        return WorkerError(
            f"Ray has gone, as if it was killed; {first}give the command again, or resume the run"
        )

    def close(self) -> None:
        """Disconnect; a Ray of this process ends, and the folder of its session is removed."""
        self._ray.shutdown()
        if self._is_ours:
            shutil.rmtree(self._session_folder, ignore_errors=True)
