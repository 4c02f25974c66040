"""The jobs of a worker: one candidate to score each."""

from collections.abc import Hashable
from typing import NamedTuple, Protocol

from lionhunt.dsl.execution.bytecode import Bytecode

Hurdles = tuple[tuple[float, ...], ...]
"""For each task of a job, the largest loss allowed in each chunk of its training."""


class AnyJob(Protocol):
    """The part of a job that a pool reads."""

    @property
    def name(self) -> str:
        """Return the name under which the pool returns the measurement."""
        ...

    @property
    def size(self) -> Hashable:
        """Return the size; jobs of one size may train side by side."""
        ...


class Job(NamedTuple):
    """A candidate to score.

    Attributes:
        name: of the measurement; any text.
        bytecode: the candidate.
        seed: of its training; None for the run's seed.
        task: the number of the only task to train on; None for all but the extra ones.
        hurdles: losses above which training stops early, for each task that it trains on; None for
            no early stopping.
        multiples: the multiples of the update to train with, for each task that it trains on; the
            best counts. Jobs of one batch have equally many. Empty to train with the update as it
            is.
        is_urgent: True to be scored before those that wait.
    """

    name: str
    bytecode: Bytecode
    seed: int | None = None
    task: int | None = None
    hurdles: Hurdles | None = None
    multiples: tuple[tuple[float, ...], ...] = ()
    is_urgent: bool = False

    @property
    def size(self) -> Hashable:
        return self.bytecode.shape, tuple(map(len, self.multiples))
