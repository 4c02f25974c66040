"""What befalls a run: each fault is injected at some moment, and tells whether the run is over it.

A fault is a function of a driver that is at work. It returns whether the driver is still there, and
raises `SoakError` if the driver did anything else than it should.
"""

import random
import resource
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from driver import Driver, SoakError, lionhunt
from processes import Process, go_on_all, stop_all

from search.records import Records
from search.run_file import RUN, RecordError

GOES_ON_SECONDS = 600.0
"""Time after which a run that does not go on is stuck; machines are busy."""

Fault = Callable[[Driver, random.Random], bool]


def _goes_on(driver: Driver) -> bool:
    """Waits until more is recorded; a run that comes to its end has also gone on."""
    if driver.wait_for_programs(driver.count() + 1, GOES_ON_SECONDS):
        return True
    driver.expect(0, "")
    return False


def _choose(processes: list[Process], rng: random.Random) -> Process | None:
    return rng.choice(sorted(processes)) if processes else None


def kill_worker(driver: Driver, rng: random.Random) -> bool:
    """A worker is killed."""
    if worker := _choose(driver.workers(), rng):
        worker.send(signal.SIGKILL)
    return _goes_on(driver)


def stop_worker(driver: Driver, rng: random.Random) -> bool:
    """A worker hangs: it is stopped, and never continued."""
    worker = _choose(driver.workers(), rng)
    if worker is None:
        return _goes_on(driver)
    worker.send(signal.SIGSTOP)
    end = time.monotonic() + GOES_ON_SECONDS
    while worker.is_alive() and driver.status() is None:
        if time.monotonic() > end:
            raise SoakError("a worker that hangs was not killed")
        time.sleep(0.2)
    return _goes_on(driver)


def pause_driver(driver: Driver, rng: random.Random) -> bool:
    """The driver stands still for some seconds; its workers do not."""
    driver.send(signal.SIGSTOP)
    time.sleep(rng.uniform(1.0, 15.0))
    driver.send(signal.SIGCONT)
    return _goes_on(driver)


def sleep_machine(driver: Driver, rng: random.Random) -> bool:
    """All processes stand still for longer than a candidate may take."""
    everyone = driver.look()
    driver.send(signal.SIGSTOP)
    stop_all(everyone)
    time.sleep(rng.uniform(21.0, 25.0))
    go_on_all(everyone)
    driver.send(signal.SIGCONT)
    return _goes_on(driver)


def second_driver(driver: Driver, rng: random.Random) -> bool:
    """Another process goes on with the same run: it is refused."""
    driver.send(signal.SIGSTOP)  # so that it does not end meanwhile
    try:
        words = lionhunt(["resume", str(driver.folder), "--workers", "0"])
        second = Driver(words, driver.folder, driver.log.with_name("second"))
        if second.wait_for_end(120.0) != 0 or not driver.is_complete():
            second.expect(2, "another process is running")
    finally:
        driver.send(signal.SIGCONT)
    return _goes_on(driver)


def kill_driver(driver: Driver, rng: random.Random) -> bool:
    """The driver is killed; copies of what it leaves are damaged, and refused."""
    driver.send(signal.SIGKILL)
    driver.wait_for_end(60.0)
    for damage in (_truncate, _flip):
        _check_damaged(driver.folder, damage, rng)
    return False


def interrupt_driver(driver: Driver, rng: random.Random) -> bool:
    """The driver is interrupted, or told to end."""
    driver.send(rng.choice([signal.SIGINT, signal.SIGTERM]))
    if driver.wait_for_end(GOES_ON_SECONDS) != 0 or not driver.is_complete():
        driver.expect(130, "")
    return False


def kill_ray(driver: Driver, rng: random.Random) -> bool:
    """The head of Ray, or its process for this machine, is killed."""
    names = ("gcs_server", "raylet")
    part = _choose([each for each in driver.look() if each.name in names], rng)
    if part is None:
        return _goes_on(driver)
    part.send(signal.SIGKILL)
    if driver.wait_for_end(GOES_ON_SECONDS) != 0:
        driver.expect(2, "Ray has gone")
    return False


def fill_disk(driver: Driver, rng: random.Random) -> bool:
    """The files of the driver cannot grow any more."""
    sizes = [file.stat().st_size for file in driver.folder.glob("run.sqlite*") if file.exists()]
    _, most = resource.prlimit(driver.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(driver.pid, resource.RLIMIT_FSIZE, (max(sizes, default=0), most))
    if driver.wait_for_end(GOES_ON_SECONDS) != 0:
        driver.expect(2, "make room")
    return False


FAULTS: tuple[Fault, ...] = (
    kill_worker,
    stop_worker,
    pause_driver,
    sleep_machine,
    second_driver,
    kill_driver,
    interrupt_driver,
    kill_ray,
    fill_disk,
)


def _truncate(content: bytearray, rng: random.Random) -> None:
    del content[rng.randrange(len(content)) :]


def _flip(content: bytearray, rng: random.Random) -> None:
    for _ in range(8):
        content[rng.randrange(len(content))] ^= 1 << rng.randrange(8)


def _check_damaged(folder: Path, damage, rng: random.Random) -> None:
    """A damaged copy is refused and left alone, or what was damaged is not part of the history."""
    copy = folder.with_name("copy")
    shutil.rmtree(copy, ignore_errors=True)
    copy.mkdir()
    for file in folder.glob("run.sqlite*"):
        shutil.copy(file, copy)
    try:
        with Records.open_to_write(copy) as records:  # takes the log of writes into the file
            digest = records.history_digest()
    except RecordError:  # killed before there was one
        return
    content = bytearray((copy / RUN.file_name).read_bytes())
    damage(content, rng)
    (copy / RUN.file_name).write_bytes(content)
    try:
        with Records.open_to_write(copy) as records:
            if records.history_digest() != digest:
                raise SoakError(f"{damage.__name__}: damage in the history was not seen")
    except RecordError as error:
        if "\n" in str(error) or (copy / RUN.file_name).read_bytes() != content:
            raise SoakError(f"{damage.__name__}: not left alone, or not one line") from error
