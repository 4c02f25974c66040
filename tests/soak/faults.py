"""Faults of the soak test: each disturbs a running driver and checks that the run survives.

The summary shows the docstring of a fault. A fault returns True if the driver still runs. It raises
`NotInjected` if there was nothing to disturb, and `SoakError` if the driver did not react as
expected.
"""

import random
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from lionhunt.search.errors import RecordError
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.schema import RUN
from tests.soak.driver import Driver, SoakError, lionhunt
from tests.soak.processes import Process, continue_all, stop_all

CONTINUE_SECONDS = 600.0
"""Time without progress after which a run is stuck; machines may be busy."""
DAY = 86_400.0

Fault = Callable[[Driver, random.Random], bool]


class NotInjected(Exception):
    """A fault found nothing to disturb; the message says why."""


def _continues(driver: Driver) -> bool:
    """Wait until the driver records more; return False if the run ends, which is fine too."""
    if driver.wait_for_programs(driver.count() + 1, CONTINUE_SECONDS):
        return True
    driver.expect(0, "")
    return False


def _ends(driver: Driver, status: int, message: str) -> bool:
    """Wait until the fault ends the driver, with an exit status and a message; return False."""
    if driver.wait_for_end(CONTINUE_SECONDS) == 0 and driver.is_complete():
        raise NotInjected("the run was at its end")
    driver.expect(status, message)
    return False


def _check_there(driver: Driver) -> None:
    if driver.status() is not None:
        raise NotInjected("the driver had ended")


def _send(driver: Driver, number: int) -> None:
    _check_there(driver)
    driver.send(number)


def _send_one(processes: list[Process], number: int, rng: random.Random) -> Process:
    """Send a signal to a random process, and return the process."""
    if not processes or not (chosen := rng.choice(sorted(processes))).send(number):
        raise NotInjected("no such process")
    return chosen


def kill_worker(driver: Driver, rng: random.Random) -> bool:
    """Kill a worker."""
    _send_one(driver.workers(), signal.SIGKILL, rng)
    return _continues(driver)


def stop_worker(driver: Driver, rng: random.Random) -> bool:
    """Stop a worker, and never continue it."""
    worker = _send_one(driver.workers(), signal.SIGSTOP, rng)
    end = time.monotonic() + CONTINUE_SECONDS
    while worker.is_alive() and driver.status() is None:
        if time.monotonic() > end:
            raise SoakError("a worker that hangs was not killed")
        time.sleep(0.2)
    return _continues(driver)


def pause_driver(driver: Driver, rng: random.Random) -> bool:
    """Pause the driver for 1 to 15 s, but not its workers."""
    _send(driver, signal.SIGSTOP)
    time.sleep(rng.uniform(1.0, 15.0))
    driver.send(signal.SIGCONT)
    return _continues(driver)


def sleep_machine(driver: Driver, rng: random.Random) -> bool:
    """Pause all processes for 21 to 25 s; the limit of a candidate is 20 s."""
    children = driver.look()
    _send(driver, signal.SIGSTOP)
    stop_all(children)
    time.sleep(rng.uniform(21.0, 25.0))
    continue_all(children)
    driver.send(signal.SIGCONT)
    return _continues(driver)


def second_driver(driver: Driver, rng: random.Random) -> bool:
    """Resume the same run by a second driver."""
    # A stopped driver keeps its lock.
    _send(driver, signal.SIGSTOP)
    try:
        words = lionhunt(["resume", str(driver.folder), "--workers", "0"])
        second = Driver(words, driver.folder, driver.log.with_name("second"))
        _ends(second, 2, "another process is running")
    finally:
        driver.send(signal.SIGCONT)
    return _continues(driver)


def kill_driver(driver: Driver, rng: random.Random) -> bool:
    """Kill the driver."""
    _send(driver, signal.SIGKILL)
    driver.wait_for_end(60.0)
    return False


def cut_file(driver: Driver, rng: random.Random) -> bool:
    """Truncate a copy of the run's file."""

    def cut(content: bytearray) -> None:
        del content[rng.randrange(len(content)) :]

    return _damage_copy(driver, cut)


def flip_bits(driver: Driver, rng: random.Random) -> bool:
    """Flip eight bits in a copy of the run's file."""

    def flip(content: bytearray) -> None:
        for _ in range(8):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)

    return _damage_copy(driver, flip)


def interrupt_driver(driver: Driver, rng: random.Random) -> bool:
    """Send SIGINT or SIGTERM to the driver."""
    _send(driver, rng.choice([signal.SIGINT, signal.SIGTERM]))
    return _ends(driver, 130, "stopped; continue with: lionhunt resume")


def move_clock(driver: Driver, rng: random.Random) -> bool:
    """Set the wall clock days ahead, then days behind, then right."""
    _check_there(driver)
    for days in (rng.uniform(1.0, 30.0), -rng.uniform(1.0, 30.0), 0.0):
        driver.set_clock(days * DAY)
        time.sleep(rng.uniform(1.0, 5.0))
        if not _continues(driver):
            return False
    return True


def fill_disk(driver: Driver, rng: random.Random) -> bool:
    """Forbid the files of the driver to grow."""
    _check_there(driver)
    sizes = [file.stat().st_size for file in _files(driver)]
    _, most = resource.prlimit(driver.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(driver.pid, resource.RLIMIT_FSIZE, (max(sizes, default=0), most))
    return _ends(driver, 2, "make room")


def forbid_writing(driver: Driver, rng: random.Random) -> bool:
    """Make the files of the driver read-only, open ones too."""
    _check_there(driver)
    files = list(map(str, _files(driver)))
    if shutil.which("chattr") is None:
        raise NotInjected("there is no chattr")
    try:
        chattr = subprocess.run(["chattr", "+i", *files], capture_output=True, text=True)
        # It needs root, and a file system that supports it.
        if chattr.returncode != 0:
            raise NotInjected(chattr.stderr.strip())
        return _ends(driver, 2, "give permission")
    finally:
        subprocess.run(["chattr", "-i", *files], capture_output=True)


FAULTS: tuple[Fault, ...] = (
    kill_worker,
    stop_worker,
    pause_driver,
    sleep_machine,
    second_driver,
    kill_driver,
    cut_file,
    flip_bits,
    interrupt_driver,
    fill_disk,
    forbid_writing,
    move_clock,
)


def _files(driver: Driver) -> list[Path]:
    """Return the files that the driver records in."""
    file = driver.folder / RUN.file_name
    return [path for path in (file, file.with_name(f"{file.name}-wal")) if path.exists()]


def _damage_copy(driver: Driver, damage: Callable[[bytearray], None]) -> bool:
    """Damage a copy; opening it must fail and change nothing, or give the same history."""
    copy = driver.folder.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    # The driver must not write meanwhile; the signal takes a moment.
    _send(driver, signal.SIGSTOP)
    time.sleep(0.1)
    try:
        for file in _files(driver):
            shutil.copy(file, copy)
    finally:
        driver.send(signal.SIGCONT)
    file = copy / RUN.file_name
    if not file.exists():
        raise NotInjected("there is no file yet")
    # Opening moves the log of writes into the file.
    with RunStore.open_to_write(copy) as records:
        digest = records.history_digest()
    content = bytearray(file.read_bytes())
    damage(content)
    file.write_bytes(content)
    try:
        with RunStore.open_to_write(copy) as records:
            if records.history_digest() != digest:
                raise SoakError("damage in the history was not seen")
    except RecordError as error:
        if "\n" in str(error) or file.read_bytes() != content:
            raise SoakError(f"not left alone, or not one line: {error}") from error
    return _continues(driver)
