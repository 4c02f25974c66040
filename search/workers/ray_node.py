"""The node of a Ray on this machine alone, made for a busy machine.

Ray's own node listens on all interfaces. Its raylet ends itself where a helper in Python needs
more than 15 seconds to start. Ray has no setting for either.
"""

# Ray's compiled modules tell a type checker no names.
# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false
# pyright: reportArgumentType=false, reportPrivateImportUsage=false

import re
import shutil
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import ray._private.node
from ray import NodeID
from ray._raylet import (
    DASHBOARD_AGENT_LISTEN_PORT_NAME,
    GCS_SERVER_PORT_NAME,
    METRICS_AGENT_PORT_NAME,
    METRICS_EXPORT_PORT_NAME,
    get_port_filename,
    persist_port,
)
from ray.exceptions import RayError

from lionhunt.search.errors import first_line

LOOPBACK = "127.0.0.1"
BUSY_SECONDS = 15.0
"""The time after which a node that starts is called slow."""
START_SECONDS = 600.0
"""The time that a node has to start while its processes live."""
PATIENCE = {
    "agent_register_timeout_ms": round(1000 * START_SECONDS),
    "worker_register_timeout_seconds": round(START_SECONDS),
    # Else the connection waits for the first workers.
    "prestart_worker_first_driver": False,
}
"""Settings of Ray: the time that its helper and its workers have to start."""

_UNUSED = -1
# A trace of the stack may follow.
_CAUSE = r"(?:failed:|what\(\):) *(\S.*?)(?: \S+\(\+0x.*)?\n"
_POLL_SECONDS = 0.1


class NodeError(Exception):
    """A node that did not start.

    Attributes:
        has_ended: whether one of its processes ended by itself.
        logs: the folder of Ray's logs, which stays.
    """

    def __init__(self, message: str, *, has_ended: bool, logs: Path):
        super().__init__(message)
        self.has_ended = has_ended
        self.logs = logs


class LocalNode(ray._private.node.Node):
    """A node that listens on loopback, and waits for its processes as long as they live.

    It has no dashboard, autoscaler and log monitor, which nothing here reads. A node that does not
    start leaves no process behind.

    Args:
        ray_params: Ray's settings of a node.
        on_slow: called once if the node is not ready after `BUSY_SECONDS`.
        options: those of Ray's node.
    """

    def __init__(self, ray_params: Any, on_slow: Callable[[], object], **options: Any):
        self._on_slow = on_slow
        self._is_slow = False
        ray_params.update(
            node_ip_address=LOOPBACK,
            # Nobody need wait for a port that is known.
            gcs_server_port=_free_port(),
            runtime_env_agent_port=_free_port(),
            include_log_monitor=False,
            no_monitor=True,
        )
        try:
            super().__init__(ray_params, **options)
        except BaseException as error:
            fault = self._fault(error)
            self.kill_all_processes(check_alive=False)
            if fault is None:
                self.remove_session()
                raise
            raise fault from error

    def remove_session(self) -> None:
        """Remove the folder of sockets and logs, if there is one yet."""
        if (logs := self._logs) is not None:
            shutil.rmtree(logs.parent, ignore_errors=True)

    def start_api_server(self, **_: Any) -> None:
        """Start no dashboard."""
        self._webui_url = ""

    def start_raylet(self, *arguments: Any, **options: Any) -> None:
        """Start the raylet, which finds in files that services of the dashboard are not in use."""
        for name in (
            METRICS_AGENT_PORT_NAME,
            METRICS_EXPORT_PORT_NAME,
            DASHBOARD_AGENT_LISTEN_PORT_NAME,
        ):
            persist_port(self._session_dir, self._node_id, name, _UNUSED)
        super().start_raylet(*arguments, **options)

    def start_gcs_server(self) -> None:
        """Start the server, and wait until it listens; see `_wait_for`."""
        super().start_gcs_server()
        port_file = get_port_filename(self._node_id, GCS_SERVER_PORT_NAME)
        self._wait_for((Path(self._session_dir) / port_file).exists)

    def start_ray_processes(self) -> None:
        """Start the raylet, and wait until it has registered; see `_wait_for`."""
        super().start_ray_processes()
        self._wait_for(self._has_registered)

    def _wait_for(self, is_ready: Callable[[], bool]) -> None:
        """Wait as long as the processes live.

        Raises:
            RuntimeError: a process of Ray ended, or it is not ready in `START_SECONDS`.
        """
        start = time.monotonic()
        while not is_ready():
            if self._ended():
                raise RuntimeError
            seconds = time.monotonic() - start
            if seconds > START_SECONDS:
                raise RuntimeError(f"this machine is too busy: not ready in {seconds:.0f} s")
            if seconds > BUSY_SECONDS and not self._is_slow:
                self._is_slow = True
                self._on_slow()
            time.sleep(_POLL_SECONDS)

    def _has_registered(self) -> bool:
        try:
            known = self.get_gcs_client().get_all_node_info(timeout=1.0)
        # The server is slow to answer, or has ended.
        except RayError:
            return False
        return NodeID.from_hex(self._node_id) in known

    def _ended(self) -> list[str]:
        """Return the kinds of processes that ended by themselves."""
        all_processes = self.all_processes.items()
        return [kind for kind, (info, *_) in all_processes if info.process.poll() is not None]

    def _fault(self, error: BaseException) -> NodeError | None:
        """Return the error of a node whose logs can say more than the error does."""
        logs, ended = self._logs, self._ended()
        if logs is None or isinstance(error, OSError) or not isinstance(error, Exception):
            return None
        message = last_words(logs, ended[0]) if ended else first_line(error)
        return NodeError(message, has_ended=bool(ended), logs=logs)

    @property
    def _logs(self) -> Path | None:
        """Return the folder of the logs; None until Ray has chosen one."""
        folder = getattr(self, "_logs_dir", None)
        return None if folder is None else Path(folder)


def last_words(logs: Path, kind: str) -> str:
    """Return why a process of Ray ended, as far as its logs say."""
    files = [logs / f"{kind}.err", logs / f"{kind}.out"]
    text = "\n".join(file.read_text("utf-8", "replace") for file in files if file.exists())
    found = re.search(_CAUSE, text)
    return f"its {kind} ended{': ' + found[1] if found else ' without a word'}"


@contextmanager
def local_nodes(on_slow: Callable[[], object]) -> Iterator[None]:
    """Let `ray.init` start a `LocalNode` in the body."""

    def make(**options: Any) -> LocalNode:
        return LocalNode(on_slow=on_slow, **options)

    original = ray._private.node.Node
    ray._private.node.Node = make
    try:
        yield
    finally:
        ray._private.node.Node = original


def _free_port() -> int:
    with socket.socket() as server:
        server.bind((LOOPBACK, 0))
        return server.getsockname()[1]
