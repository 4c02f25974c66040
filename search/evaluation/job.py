"""What a worker is asked: to score one candidate."""

from collections.abc import Hashable
from typing import NamedTuple, Protocol

from lionhunt.dsl.execution.bytecode import Bytecode, MachineShape

Hurdles = tuple[tuple[float, ...], ...]
"""For each task of a run, the largest loss that each chunk of its training may have."""


class AnyJob(Protocol):
    """What a pool has to know of a job."""

    @property
    def name(self) -> str:
        """Tells what is measured of it."""
        ...

    @property
    def size(self) -> Hashable:
        """Jobs of one size may train side by side."""
        ...


class Job(NamedTuple):
    """A candidate to score.

    Attributes:
        name: tells what is measured of it; free.
        bytecode: itself.
        seed: it trains with; the run's if None.
        task: the number of the only task it trains on; all if None.
        hurdles: training stops early where its loss is above them; nowhere if None.
    """

    name: str
    bytecode: Bytecode
    seed: int | None = None
    task: int | None = None
    hurdles: Hurdles | None = None

    @property
    def size(self) -> MachineShape:
        return self.bytecode.size
