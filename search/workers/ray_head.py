"""Whether the Ray that the workers belong to is still there, and its end."""

import shutil
import socket
import time
from pathlib import Path
from typing import Any

from lionhunt.search.errors import WorkerError

CHECK_SECONDS = 1.0
"""Time between two looks."""
TIMEOUT = 1.0
"""How long a look waits for an answer."""
MAX_SILENT = 15
"""Looks in a row without an answer after which a machine has gone: half a minute."""


class RayHead:
    """The Ray that this process is connected to.

    Ray ends a process whose Ray has gone, some seconds later and without a word of what to do: so
    this looks first.

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
        self._places = [
            (host.strip("[]"), int(port)),
            (node["NodeManagerAddress"], node["NodeManagerPort"]),
        ]
        self._folder = Path(node["ObjectStoreSocketName"]).parents[1]  # .../sockets/plasma_store
        self._last_look = time.monotonic()
        self._num_silent = 0

    def check(self) -> None:
        """Looks now and then; raises `WorkerError` if it has gone."""
        now = time.monotonic()
        if now - self._last_look < CHECK_SECONDS:
            return
        self._last_look = now
        is_silent = False
        for place in self._places:
            try:
                socket.create_connection(place, timeout=TIMEOUT).close()
            except ConnectionRefusedError:
                raise self._gone() from None
            except OSError:  # it may be busy, or the network away for a moment
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
        """Leaves it; one of ours ends, and so does the folder of its session."""
        self._ray.shutdown()
        if self._is_ours:
            shutil.rmtree(self._folder, ignore_errors=True)
