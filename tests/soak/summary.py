"""Summary of a soak test, as JSON and as a table."""

import dataclasses
import json
import os
import platform
from datetime import UTC, datetime
from pathlib import Path
from typing import Any


@dataclasses.dataclass
class Summary:
    """Counts of a soak so far.

    Attributes:
        faults: names of faults, with a sentence on each.
        started: time of the beginning.
        seconds: duration so far.
        num_rounds: number of runs.
        num_bad_rounds: number of runs with bad candidates.
        num_programs: programs of all runs that ended with the expected history.
        injected: number of injections of each fault.
        survived: number of injections that the run survived.
        missed: number of times that a fault found nothing to disturb; not part of `injected`.
        outcomes: number of bad candidates of each status.
        driver_memory: programs recorded and largest resident memory in MiB, of each driver.
        worker_memory: largest resident memory of a worker, in MiB.
        num_killed: number of killed drivers.
        shared_memory: new names in /dev/shm.
        failures: failed checks.
    """

    faults: dict[str, str]
    started: str = dataclasses.field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M}")
    seconds: float = 0.0
    num_rounds: int = 0
    num_bad_rounds: int = 0
    num_programs: int = 0
    injected: dict[str, int] = dataclasses.field(init=False)
    survived: dict[str, int] = dataclasses.field(init=False)
    missed: dict[str, int] = dataclasses.field(init=False)
    outcomes: dict[str, int] = dataclasses.field(default_factory=dict)
    driver_memory: list[tuple[int, float]] = dataclasses.field(default_factory=list)
    worker_memory: float = 0.0
    num_killed: int = 0
    shared_memory: list[str] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.injected = dict.fromkeys(self.faults, 0)
        self.missed = dict.fromkeys(self.faults, 0)
        self.survived = dict.fromkeys(self.faults, 0)

    def to_json(self) -> dict[str, Any]:
        machine = f"{os.cpu_count()} cores, {platform.machine()} {platform.system()}"
        return {"machine": machine} | dataclasses.asdict(self)

    def to_table(self) -> str:
        """Return a table in Markdown."""
        largest = max((memory for _, memory in self.driver_memory), default=0.0)
        drivers, cores = len(self.driver_memory), os.cpu_count()
        counts = (self.injected, self.survived, self.missed)
        rows = [
            f"| {' | '.join([words.strip('.'), *(str(count[name]) for count in counts)])} |"
            for name, words in self.faults.items()
        ]
        outcomes = ", ".join(f"{count} {name}" for name, count in sorted(self.outcomes.items()))
        return "\n".join(
            [
                "| fault | injected | survived | not injected |",
                "|---|---|---|---|",
                *rows,
                "",
                f"{self.seconds / 60:.0f} minutes from {self.started} UTC on {cores} cores: "
                f"{self.num_rounds} runs, {self.num_bad_rounds} of them with bad "
                f"candidates ({outcomes}), {drivers} drivers, {self.num_programs:,} programs. "
                f"Largest driver {largest:.0f} MiB, largest worker {self.worker_memory:.0f} MiB. "
                f"Killed drivers: {self.num_killed}. Left: "
                f"{len(self.shared_memory)} names in /dev/shm.",
                "",
                f"Failures: {len(self.failures)}.",
                *[f"- {failure}" for failure in self.failures],
            ]
        )

    def write(self, folder: Path) -> None:
        (folder / "summary.json").write_text(json.dumps(self.to_json(), indent=2))
        (folder / "summary.md").write_text(self.to_table() + "\n")
