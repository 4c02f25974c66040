"""The start of a Ray on this machine alone: its folder, its token, its tries and its errors."""

# Ray's compiled modules tell a type checker no names.
# pyright: reportAttributeAccessIssue=false, reportOptionalMemberAccess=false
# pyright: reportArgumentType=false, reportPrivateImportUsage=false

import errno
import logging
import os
import shutil
import sys
import tempfile
import textwrap
from pathlib import Path

from lionhunt.search.errors import WorkerError, first_line
from lionhunt.search.log import warn

MAX_STARTS = 2
"""Starts of a Ray whose processes end before it is ready."""
OBJECT_STORE_BYTES = 128 * 2**20
"""Nothing goes through the object store; Ray takes no less than 75 MiB."""
MAX_SOCKET_BYTES = 107 if sys.platform == "linux" else 103
"""The longest name of a socket, as the system has it."""

_SOCKET = "ray/session_2026-01-01_00-00-00_000000_4194304/sockets/plasma_store"
_SLOW = "this machine is busy: Ray needs long to start; it gets the time that it needs"
_ADVICE = {
    os.strerror(errno.ENOSPC): "make room there, or name another folder in RAY_TMPDIR",
    os.strerror(errno.EDQUOT): "make room there, or name another folder in RAY_TMPDIR",
    os.strerror(errno.EACCES): "give permission, or name another folder in RAY_TMPDIR",
    os.strerror(errno.EPERM): "give permission, or name another folder in RAY_TMPDIR",
    os.strerror(errno.EROFS): "name another folder in RAY_TMPDIR",
    os.strerror(errno.EMFILE): "allow more open files with 'ulimit -n 4096'",
    os.strerror(errno.ENFILE): "close other programs",
    os.strerror(errno.EAGAIN): "allow more processes with 'ulimit -u', or end others",
    os.strerror(errno.ENOMEM): "end programs that use memory",
    "too busy": "end other programs, and give the command again",
    "without a word": "are limits low ('ulimit -a'), or is memory short?",
}
"""Advice, by the text of an error."""


def start_local(num_workers: int) -> None:
    """Start a Ray of this process alone, and connect to it.

    It listens on loopback alone. A busy machine gets the time that it needs; a Ray that ends as it
    starts is started again.

    Raises:
        WorkerError: Ray does not start; the message names the cause and Ray's log.
    """
    # Importing Ray takes half a second.
    from lionhunt.search.workers.ray_node import NodeError

    folder = temporary_folder() / "ray"
    for number in range(1, MAX_STARTS + 1):
        try:
            _start_once(num_workers, folder)
            return
        except NodeError as error:
            if not error.has_ended or number == MAX_STARTS:
                raise _not_started(error, f"; Ray's log is in {error.logs}") from error
            warn(f"Ray ended as it started ({_short(error)}); it is started again")
            shutil.rmtree(error.logs.parent, ignore_errors=True)
        # Ray raises errors of any type.
        except Exception as error:
            raise _not_started(error) from error


def _not_started(error: Exception, log: str = "") -> WorkerError:
    text = _short(error)
    advice = next((say for part, say in _ADVICE.items() if part in text), "mend the cause")
    return WorkerError(f"Ray does not start ({text}); {advice}; --workers 0 needs no Ray{log}")


def _short(error: Exception) -> str:
    """Return the first line of an error; some of Ray's have a paragraph in it."""
    return textwrap.shorten(first_line(error), 200, placeholder=" ...")


def _start_once(num_workers: int, folder: Path) -> None:
    import ray

    from lionhunt.search.workers.ray_node import PATIENCE, local_nodes

    _ensure_token()
    # A Ray of this process alone keeps its records itself.
    os.environ.pop("RAY_REDIS_ADDRESS", None)
    try:
        with local_nodes(lambda: warn(_SLOW)):
            ray.init(
                address="local",
                num_cpus=num_workers,
                include_dashboard=False,
                object_store_memory=OBJECT_STORE_BYTES,
                log_to_driver=False,
                logging_level=logging.ERROR,
                _temp_dir=str(folder),
                _system_config=PATIENCE,
            )
    except BaseException:
        # The node may have started, and the connection not.
        node = ray._private.worker._global_node
        ray.shutdown()
        if node is not None:
            node.remove_session()
        raise


def _ensure_token() -> None:
    """Make the token that Ray asks for; where the home cannot be written, for this process alone.

    Ray keeps its token in the home, and would not start without.
    """
    from ray._private.authentication.authentication_token_generator import (
        generate_new_authentication_token,
    )
    from ray._private.authentication.authentication_token_setup import generate_and_save_token
    from ray._raylet import AuthenticationTokenLoader

    loader = AuthenticationTokenLoader.instance()
    if os.environ.get("RAY_AUTH_MODE", "token") != "token" or loader.has_token(
        ignore_auth_mode=True
    ):
        return
    try:
        generate_and_save_token()
    # There may be no home at all.
    except (OSError, RuntimeError):
        os.environ["RAY_AUTH_TOKEN"] = generate_new_authentication_token()
    loader.reset_cache()


def temporary_folder() -> Path:
    """Return the folder in which Ray keeps its sockets and logs.

    It is the one of `RAY_TMPDIR`, if that is set. Else it is that of Python, which is `TMPDIR` if
    that can be used. Where its name is too long for a socket, it is /tmp.

    Raises:
        WorkerError: the folder cannot be used.
    """
    named = os.environ.get("RAY_TMPDIR")
    if named:
        return _checked(Path(named).absolute())
    try:
        folder = Path(tempfile.gettempdir())
    except FileNotFoundError as error:
        raise WorkerError(f"{error.strerror}; make room or give permission in one") from None
    return folder if _is_short(folder) else _checked(Path("/tmp"))


def _checked(folder: Path) -> Path:
    if not folder.is_dir():
        fault = "is no folder"
    elif not os.access(folder, os.W_OK | os.X_OK):
        fault = "cannot be written"
    elif not _is_short(folder):
        fault = "is too long for the name of a socket"
    else:
        return folder
    raise WorkerError(
        f"{folder} {fault}, and Ray needs it; name another folder in RAY_TMPDIR, or give "
        "--workers 0, which needs no Ray"
    )


def _is_short(folder: Path) -> bool:
    return len(os.fsencode(folder / _SOCKET)) <= MAX_SOCKET_BYTES
