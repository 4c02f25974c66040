"""Processes of a run, seen from outside: whose children they are, how large, and whether they end.

Linux only. A process is its number and its start, since numbers are used again.
"""

import os
import signal
from pathlib import Path
from typing import NamedTuple

_PAGES_PER_MIB = 2**20 // os.sysconf("SC_PAGE_SIZE")


class Process(NamedTuple):
    """One that runs, or did."""

    pid: int
    started: int
    name: str

    def is_alive(self) -> bool:
        found = _read(self.pid)
        return found is not None and found[0].started == self.started

    def send(self, number: int) -> bool:
        """A signal, unless it has ended; whether it was sent."""
        if is_alive := self.is_alive():
            os.kill(self.pid, number)
        return is_alive

    def memory(self) -> float:
        """Resident, in MiB; 0 if it has ended."""
        try:
            pages = int(Path(f"/proc/{self.pid}/statm").read_text().split()[1])
        except (OSError, IndexError):
            return 0.0
        return pages / _PAGES_PER_MIB


def below(pid: int) -> list[Process]:
    """The children of a process, their children, and so on."""
    numbers = [int(each.name) for each in Path("/proc").iterdir() if each.name.isdigit()]
    found = {number: seen for number in numbers if (seen := _read(number)) is not None}

    def is_below(number: int) -> bool:
        while number in found and number != pid:
            number = found[number][1]
        return number == pid

    return [found[number][0] for number in found if number != pid and is_below(number)]


def stop_all(processes: list[Process]) -> None:
    for each in processes:
        each.send(signal.SIGSTOP)


def go_on_all(processes: list[Process]) -> None:
    for each in processes:
        each.send(signal.SIGCONT)


def _read(pid: int) -> tuple[Process, int] | None:
    """A process and its parent's number; None if it has ended, also where nobody has noticed."""
    try:
        name, _, rest = Path(f"/proc/{pid}/stat").read_text().partition("(")[2].rpartition(") ")
    except OSError:
        return None
    state, parent, *others = rest.split()
    if state in "ZX":
        return None
    return Process(pid, int(others[17]), name), int(parent)
