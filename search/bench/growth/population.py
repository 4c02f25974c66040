"""Growth with the population: the breeding of a child alone, with the history in memory."""

import time
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram, analyze
from lionhunt.search.bench.growth.axis import GrowthAxis, GrowthCurve
from lionhunt.search.bench.new_process import resident_mib, run_apart
from lionhunt.search.driver.garbage_collection import rare_garbage_collection
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.regularized import Individual, breed, initial_individual

INITIAL = "adamw_initial"
TOURNAMENT_SIZE = 10
NUM_TIMED = 4000
"""Most children that are timed: the last ones."""


def measure_population(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each size of the population, each measured in a process of its own."""
    for size in sizes:
        yield run_apart(_breed_populations, size)


def _breed_populations(size: int) -> dict[str, Any]:
    """Breed children until none of the initial population is left, and return the row."""
    before = resident_mib()
    initial = library.load(INITIAL)
    history: dict[int, Individual] = {i: initial_individual(i, initial) for i in range(size)}
    identity = analyze(initial)
    identities: dict[int, AnalyzedProgram] = dict.fromkeys(range(size), identity)
    fingerprints = {identity.fingerprint}
    first_timed = 2 * size - min(size, NUM_TIMED)
    start = 0.0
    with rare_garbage_collection():
        for index in range(size, 2 * size):
            if index == first_timed:
                start = time.process_time()
            child = breed(
                history,
                _fitness,
                index,
                seed=0,
                population_size=size,
                tournament_size=TOURNAMENT_SIZE,
                lag=0,
                space=MutationSpace(),
                identities=identities,
            )
            assert child.parent is not None
            history[index] = child
            identities[index] = analyze(child.program, identities[child.parent])
            fingerprints.add(identities[index].fingerprint)
            del history[index - size], identities[index - size]
    seconds = time.process_time() - start
    return {
        "population": size,
        "child_ms": 1e3 * seconds / (2 * size - first_timed),
        "mib": resident_mib(),
        "history_mib": max(0.0, resident_mib() - before),
        "different": len(fingerprints),
    }


def _fitness(index: int) -> float:
    """Return a fitness that is drawn by the number of an individual."""
    return zlib.crc32(index.to_bytes(8))


AXIS = GrowthAxis(
    "population",
    "A child is bred by a tournament of ten, checked and fingerprinted, until a whole population "
    "of children has replaced the initial one. Nothing is scored or written. Each size has a "
    "process of its own. The history is the memory of the process above that at its start.",
    (
        GrowthCurve("child_ms", "child", "ms"),
        GrowthCurve("mib", "memory of the process", "MiB"),
        GrowthCurve("history_mib", "of which history", "MiB"),
    ),
    (100, 316, 1000, 3162, 10_000, 31_623, 100_000),
    (),
    measure_population,
)
