"""The end of a command by Ctrl-C or another signal: within seconds, in one line, with nothing left.

A signal raises `KeyboardInterrupt` in the main thread, which cleans up. Python does that between
two steps of its own. A compilation by XLA is one step, and may take a minute. So a thread watches
the signals, too. It ends the process if the main thread has not ended it in time.

Records survive that end, as they survive `kill -9`: each is written whole or not at all.
"""

import os
import shlex
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from lionhunt.search.errors import command_line
from lionhunt.search.visible_text import visible

SIGNALS = {signal.SIGINT, signal.SIGTERM, getattr(signal, "SIGHUP", signal.SIGTERM)}
"""The signals that end a command; a terminal that is closed sends SIGHUP."""
GRACE_SECONDS = 3.0
"""The time that the main thread has to clean up."""
OUTPUT_SECONDS = 1.0
"""The time that the last line has to be written."""
STATUS = 130
"""The exit status of an interrupted command."""

_SHOW_CURSOR = "\x1b[?25h"


class _Process:
    """The state of this process.

    Attributes:
        way_on: how to go on after an interrupt.
        is_interrupted: True after the first signal.
        interrupted: the frame in which the main thread has got its `KeyboardInterrupt`. While it is
            kept, so are the variables of all callers: XLA crashes if its arrays and compiled code
            go while its threads still work on them.
        end: held by the thread that ends the process.
    """

    way_on = "nothing was changed: the same command starts again"
    is_interrupted = False
    interrupted: FrameType | None = None
    end = threading.RLock()


def set_way_on_by_resume(run: Path) -> None:
    """Tell to resume a run, if a signal ends this command from now on."""
    _Process.way_on = f"continue with: {command_line('resume', run)}"


def set_way_on_with(folder: Path) -> None:
    """Tell that the same command continues with its folder, if a signal ends it from now on."""
    _Process.way_on = f"the same command continues with {shlex.quote(str(folder))}"


def set_way_on_from_start() -> None:
    """Tell that a command keeps no measurement, if a signal ends it from now on."""
    _Process.way_on = "no measurement is kept: the same command starts from the beginning"


def run_as_process(work: Callable[[], None]) -> NoReturn:
    """Do the whole work of this process, and end the process.

    The work's own context managers clean up. Python's teardown is left out: XLA crashes there if
    its threads still work. A signal would show as a traceback.

    Args:
        work: it may raise `SystemExit`. Any other exception is a bug, and Python shows it.
    """
    status: Any = 0
    try:
        try:
            _listen()
            work()
        except SystemExit as ended:
            status = ended.code or 0
        except Exception:
            # An interrupt may come out of foreign code as another exception.
            if not _Process.is_interrupted:
                raise
        _flush()
        _end(status)
    except KeyboardInterrupt:
        # No second one is raised.
        _flush()
        _end(STATUS)


def _listen() -> None:
    """Install the handler, and start the thread that watches the signals."""
    read, write = os.pipe()
    os.set_blocking(write, False)
    signal.set_wakeup_fd(write, warn_on_full_buffer=False)
    threading.Thread(target=_watch, args=(read,), name="interrupt", daemon=True).start()
    sys.unraisablehook = _show_unless_interrupted
    for number in SIGNALS:
        # A shell lets commands in the background ignore Ctrl-C, and `nohup` lets them ignore more.
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _interrupt)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Interrupt the main thread at the first signal; a later one would disturb its cleanup."""
    if _Process.interrupted is None:
        _Process.interrupted = frame
        _Process.is_interrupted = True
        # Libraries of compiled code crash if their import raises.
        if _is_importing(frame):
            _flush()
            _end(STATUS, is_cut_off=True)
        raise KeyboardInterrupt


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _watch(signals: int) -> None:
    """Wait for a signal, then end the process unless the main thread has done so in time."""
    while os.read(signals, 1)[0] not in SIGNALS:
        pass
    # Another handler may have taken the place of ours, as Ray's does while it starts.
    _Process.is_interrupted = True
    time.sleep(GRACE_SECONDS)
    _end(STATUS, is_cut_off=True)


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError, ValueError):
            stream.flush()


def _show_unless_interrupted(problem: Any) -> None:
    """Show an exception that Python cannot raise; an interrupt in a finalizer is none."""
    if not _Process.is_interrupted:
        sys.__unraisablehook__(problem)


def _end(status: int, *, is_cut_off: bool = False) -> NoReturn:
    """End this process and the processes that it started.

    Args:
        status: the exit status, unless a signal came.
        is_cut_off: whether the work has not been cleaned up.
    """
    # The main thread waits here while the other one ends the process. The other one waits only for
    # a moment, since the main thread may hang in the output.
    is_main = threading.current_thread() is threading.main_thread()
    if not _Process.end.acquire(timeout=-1 if is_main else OUTPUT_SECONDS):
        os._exit(STATUS)
    for child in _descendants(os.getpid()):
        with suppress(OSError):
            os.kill(child, signal.SIGKILL)
    if _Process.is_interrupted:
        status = STATUS
        line = f"lionhunt: stopped; {visible(_Process.way_on)}\n"
        # A live display, cut off, leaves the cursor hidden at the end of a line.
        if is_cut_off and os.isatty(2):
            line = f"\n{_SHOW_CURSOR}{line}"
        with suppress(OSError):
            # The main thread may hold the lock of `sys.stderr`.
            os.write(2, line.encode(errors="backslashreplace"))
    os._exit(status)


def _descendants(pid: int) -> Iterator[int]:
    """Yield the processes below a process, each before its own children (Linux only)."""
    for file in Path(f"/proc/{pid}/task").glob("*/children"):
        with suppress(OSError):
            for child in map(int, file.read_text().split()):
                below = list(_descendants(child))
                yield child
                yield from below
