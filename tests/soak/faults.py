"""What befalls a run: each fault is injected at some moment, and tells whether the run is over it.

A fault is a function of a driver that is at work; the summary shows its docstring. It returns
whether the driver is still there. It raises `NotInjected` if there was nothing to befall, and
`SoakError` if the driver did anything else than it should.
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
from tests.soak.processes import Process, go_on_all, stop_all

GOES_ON_SECONDS = 600.0
"""Time after which a run that does not go on is stuck; machines are busy."""
DAY = 86_400.0

Fault = Callable[[Driver, random.Random], bool]


class NotInjected(Exception):
    """There was nothing that a fault could befall: why."""


def _goes_on(driver: Driver) -> bool:
    """Waits until more is recorded; a run that comes to its end has also gone on."""
    if driver.wait_for_programs(driver.count() + 1, GOES_ON_SECONDS):
        return True
    driver.expect(0, "")
    return False


def _ends(driver: Driver, status: int, said: str) -> bool:
    """Waits until the fault ends the driver, which says something."""
    if driver.wait_for_end(GOES_ON_SECONDS) == 0 and driver.is_complete():
        raise NotInjected("the run was at its end")
    driver.expect(status, said)
    return False


def _check_there(driver: Driver) -> None:
    if driver.status() is not None:
        raise NotInjected("the driver had ended")


def _send(driver: Driver, number: int) -> None:
    _check_there(driver)
    driver.send(number)


def _send_one(processes: list[Process], number: int, rng: random.Random) -> Process:
    """Sends a signal to one of them, and returns it."""
    if not processes or not (chosen := rng.choice(sorted(processes))).send(number):
        raise NotInjected("no such process")
    return chosen


def kill_worker(driver: Driver, rng: random.Random) -> bool:
    """A worker is killed."""
    _send_one(driver.workers(), signal.SIGKILL, rng)
    return _goes_on(driver)


def stop_worker(driver: Driver, rng: random.Random) -> bool:
    """A worker is stopped, and never continued."""
    worker = _send_one(driver.workers(), signal.SIGSTOP, rng)
    end = time.monotonic() + GOES_ON_SECONDS
    while worker.is_alive() and driver.status() is None:
        if time.monotonic() > end:
            raise SoakError("a worker that hangs was not killed")
        time.sleep(0.2)
    return _goes_on(driver)


def pause_driver(driver: Driver, rng: random.Random) -> bool:
    """The driver stands still for 1 to 15 s; its workers do not."""
    _send(driver, signal.SIGSTOP)
    time.sleep(rng.uniform(1.0, 15.0))
    driver.send(signal.SIGCONT)
    return _goes_on(driver)


def sleep_machine(driver: Driver, rng: random.Random) -> bool:
    """All processes stand still for 21 to 25 s; a candidate may take 20."""
    everyone = driver.look()
    _send(driver, signal.SIGSTOP)
    stop_all(everyone)
    time.sleep(rng.uniform(21.0, 25.0))
    go_on_all(everyone)
    driver.send(signal.SIGCONT)
    return _goes_on(driver)


def second_driver(driver: Driver, rng: random.Random) -> bool:
    """A second driver goes on with the same run."""
    _send(driver, signal.SIGSTOP)  # so that it does not end meanwhile
    try:
        words = lionhunt(["resume", str(driver.folder), "--workers", "0"])
        second = Driver(words, driver.folder, driver.log.with_name("second"))
        _ends(second, 2, "another process is running")
    finally:
        driver.send(signal.SIGCONT)
    return _goes_on(driver)


def kill_driver(driver: Driver, rng: random.Random) -> bool:
    """The driver is killed."""
    _send(driver, signal.SIGKILL)
    driver.wait_for_end(60.0)
    return False


def cut_file(driver: Driver, rng: random.Random) -> bool:
    """A copy of the run's file is cut off."""

    def cut(content: bytearray) -> None:
        del content[rng.randrange(len(content)) :]

    return _damage_copy(driver, cut)


def flip_bits(driver: Driver, rng: random.Random) -> bool:
    """Eight bits are flipped in a copy of the run's file."""

    def flip(content: bytearray) -> None:
        for _ in range(8):
            content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)

    return _damage_copy(driver, flip)


def interrupt_driver(driver: Driver, rng: random.Random) -> bool:
    """The driver gets SIGINT or SIGTERM."""
    _send(driver, rng.choice([signal.SIGINT, signal.SIGTERM]))
    return _ends(driver, 130, "")


def kill_ray(driver: Driver, rng: random.Random) -> bool:
    """Ray's head, or its process on this machine, is killed."""
    names = ("gcs_server", "raylet")
    _send_one([each for each in driver.look() if each.name in names], signal.SIGKILL, rng)
    return _ends(driver, 2, "Ray has gone")


def move_clock(driver: Driver, rng: random.Random) -> bool:
    """The wall clock is days ahead, then days behind, then right."""
    _check_there(driver)
    for days in (rng.uniform(1.0, 30.0), -rng.uniform(1.0, 30.0), 0.0):
        driver.set_clock(days * DAY)
        time.sleep(rng.uniform(1.0, 5.0))
        if not _goes_on(driver):
            return False
    return True


def fill_disk(driver: Driver, rng: random.Random) -> bool:
    """The driver's files cannot grow."""
    _check_there(driver)
    sizes = [file.stat().st_size for file in _files(driver)]
    _, most = resource.prlimit(driver.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(driver.pid, resource.RLIMIT_FSIZE, (max(sizes, default=0), most))
    return _ends(driver, 2, "make room")


def forbid_writing(driver: Driver, rng: random.Random) -> bool:
    """The driver's files are read-only, also where they are open."""
    _check_there(driver)
    files = list(map(str, _files(driver)))
    if shutil.which("chattr") is None:
        raise NotInjected("there is no chattr")
    try:
        told = subprocess.run(["chattr", "+i", *files], capture_output=True, text=True)
        if told.returncode != 0:  # this is not root, or the file system knows no such thing
            raise NotInjected(told.stderr.strip())
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
    kill_ray,
    fill_disk,
    forbid_writing,
    move_clock,
)


def _files(driver: Driver) -> list[Path]:
    """Those that it records in."""
    file = driver.folder / RUN.file_name
    return [each for each in (file, file.with_name(f"{file.name}-wal")) if each.exists()]


def _damage_copy(driver: Driver, damage: Callable[[bytearray], None]) -> bool:
    """A damaged copy is refused and left alone, or what was damaged is not part of the history."""
    copy = driver.folder.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    _send(driver, signal.SIGSTOP)  # so that it does not write meanwhile
    time.sleep(0.1)  # a signal takes its time
    try:
        for file in _files(driver):
            shutil.copy(file, copy)
    finally:
        driver.send(signal.SIGCONT)
    file = copy / RUN.file_name
    if not file.exists():
        raise NotInjected("there is no file yet")
    with RunStore.open_to_write(copy) as records:  # takes the log of writes into the file
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
    return _goes_on(driver)
