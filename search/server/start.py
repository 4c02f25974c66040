"""Start of the server."""

import secrets
import socket
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import uvicorn

from lionhunt.errors import LionhuntError
from lionhunt.search.server.access import LOOPBACK, Access
from lionhunt.search.server.app import make_app

ANYWHERE = ("0.0.0.0", "::")


def start(root: Path, host: str, port: int, on_start: Callable[[str], None]) -> None:
    """Serve a folder until Ctrl-C.

    Args:
        root: runs are in it or below.
        host: name or address to listen at.
        port: 0 for a free one.
        on_start: called with the address of the first page.

    Raises:
        LionhuntError: there is no such folder, or the port is taken.
    """
    if not root.is_dir():
        raise LionhuntError(f"no folder {root}; give one that has runs below it")
    with closing(_listen(host, port)) as listening:
        is_anywhere = host in ANYWHERE
        name = socket.gethostname() if is_anywhere else f"[{host}]" if ":" in host else host
        token = None if name in LOOPBACK else secrets.token_urlsafe(24)
        config = uvicorn.Config(
            Access(make_app(root), {*LOOPBACK, name.lower()}, is_anywhere, token),
            log_level="error",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=1,
        )
        port = listening.getsockname()[1]
        on_start(f"http://{name}:{port}/" + (f"?token={token}" if token else ""))
        uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family, socket.SOCK_STREAM)
    except OSError as error:
        raise LionhuntError(f"no address {host}: {error.strerror}; give another --host") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen()
    except OSError as error:
        listening.close()
        raise LionhuntError(
            f"cannot listen at {host}, port {port}: {error.strerror}; give another --port"
        ) from None
    return listening
