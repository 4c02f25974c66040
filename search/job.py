"""What a worker is asked: to score one candidate."""

from typing import NamedTuple

from dsl.bytecode import Bytecode

Hurdles = tuple[tuple[float, ...], ...]
"""For each task of a run, the largest loss that each chunk of its training may have."""


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
