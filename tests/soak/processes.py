"""Processes of a run: parents, memory and signals, read from /proc (Linux only).

A process is identified by its number and its start, since the system reuses numbers.
"""

import os
import signal
from pathlib import Path
from typing import NamedTuple

_PAGES_PER_MIB = 2**20 // os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """A process, running or ended."""

    pid: int
    started: int
    name: str

    def is_alive(self) -> bool:
        current = _read(self.pid)
        return current is not None and current[0].started == self.started

    def send(self, number: int) -> bool:
        """Send a signal; return False if the process has ended."""
        if is_alive := self.is_alive():
            os.kill(self.pid, number)
        return is_alive

    def memory(self) -> float:
        """Return the resident memory in MiB; 0 if the process has ended."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0.0
        return pages / _PAGES_PER_MIB


def below(pid: int) -> list[Process]:
    """Return the descendants of a process."""
    numbers = [int(path.name) for path in Path("/proc").iterdir() if path.name.isdigit()]
    processes = {number: process for number in numbers if (process := _read(number)) is not None}

    def is_below(number: int) -> bool:
        while number in processes and number != pid:
            number = processes[number][1]
        return number == pid

    return [processes[number][0] for number in processes if number != pid and is_below(number)]


def stop_all(processes: list[Process]) -> None:
    for process in processes:
        process.send(signal.SIGSTOP)


def continue_all(processes: list[Process]) -> None:
    for process in processes:
        process.send(signal.SIGCONT)


def _read(pid: int) -> tuple[Process, int] | None:
    """Return a process and the number of its parent; None if it has ended, or is a zombie."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(") ")
    except OSError:
        return None
    state, parent, *others = rest.split()
    if state in "ZX":
        return None
    return Process(pid, int(others[17]), name), int(parent)
