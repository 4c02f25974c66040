"""What was seen of a soak, as JSON and as a table."""

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
        faults: their names.
        started: when it began.
        seconds: how long it has been going on.
        num_rounds: runs; `num_bad_rounds` of them with candidates that misbehave.
        num_programs: programs of all runs that ended with the expected history.
        injected, survived: by fault.
        driver_memory: programs recorded and largest resident memory in MiB, of each driver.
        worker_memory: largest resident memory of a worker, in MiB.
        num_sessions: folders of Ray's sessions that are left; of drivers that were killed.
        shared_memory: names in /dev/shm that were not there before.
        failures: what was not as it should be.
    """

    faults: list[str]
    started: str = dataclasses.field(default_factory=lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M}")
    seconds: float = 0.0
    num_rounds: int = 0
    num_bad_rounds: int = 0
    num_programs: int = 0
    injected: dict[str, int] = dataclasses.field(init=False)
    survived: dict[str, int] = dataclasses.field(init=False)
    driver_memory: list[tuple[int, float]] = dataclasses.field(default_factory=list)
    worker_memory: float = 0.0
    num_sessions: int = 0
    shared_memory: list[str] = dataclasses.field(default_factory=list)
    failures: list[str] = dataclasses.field(default_factory=list)

    def __post_init__(self):
        self.injected = dict.fromkeys(self.faults, 0)
        self.survived = dict.fromkeys(self.faults, 0)

    def to_json(self) -> dict[str, Any]:
        machine = f"{os.cpu_count()} cores, {platform.machine()} {platform.system()}"
        return {"machine": machine} | dataclasses.asdict(self)

    def to_table(self) -> str:
        """Markdown."""
        largest = max((memory for _, memory in self.driver_memory), default=0.0)
        drivers, cores = len(self.driver_memory), os.cpu_count()
        rows = [f"| {n} | {self.injected[n]} | {self.survived[n]} |" for n in self.faults]
        return "\n".join(
            [
                "| fault | injected | survived |",
                "|---|---|---|",
                *rows,
                "",
                f"{self.seconds / 60:.0f} minutes from {self.started} UTC on {cores} cores: "
                f"{self.num_rounds} runs, {self.num_bad_rounds} of them with candidates that "
                f"misbehave, {drivers} drivers, {self.num_programs:,} programs. "
                f"Largest driver {largest:.0f} MiB, largest worker {self.worker_memory:.0f} MiB.",
                "",
                f"Failures: {len(self.failures)}.",
                *[f"- {failure}" for failure in self.failures],
            ]
        )

    def write(self, folder: Path) -> None:
        (folder / "summary.json").write_text(json.dumps(self.to_json(), indent=2))
        (folder / "summary.md").write_text(self.to_table() + "\n")
