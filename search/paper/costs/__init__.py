"""Memory and speed of optimizers, measured without training to an end.

May import dsl, proxy_tasks, `search.bench.timing` and the leaves of search.
"""

from lionhunt.search.paper.costs.memory import KeptBy, StateMemory, measure_memory
from lionhunt.search.paper.costs.speed import (
    LeftOut,
    Speed,
    Speeds,
    measure_steps,
    measure_training,
)
from lionhunt.search.paper.costs.store import read_or_measure

__all__ = [
    "KeptBy",
    "LeftOut",
    "Speed",
    "Speeds",
    "StateMemory",
    "measure_memory",
    "measure_steps",
    "measure_training",
    "read_or_measure",
]
