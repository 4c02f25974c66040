"""Children a second, by Lionhunt, DEAP and PyGlove, on one core."""

import itertools
import random
import statistics
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.alternatives.packages import is_installed
from lionhunt.search.bench.language import STEADY_LENGTH, TOURNAMENT_SIZE, Breeder, grow_program
from lionhunt.search.bench.timing import time_interleaved
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import MutationSpace

POPULATION_SIZE = 10
"""More would change no figure, and PyGlove takes most of a second for each."""
NUM_STATEMENTS = STEADY_LENGTH
NUM_ROUNDS = 3
WHOLE = "Lionhunt: bred, checked, fingerprinted, looked up"


class Way(NamedTuple):
    """One way to breed.

    Attributes:
        name: of the tool, and its steps.
        leaves_out: steps of a child of Lionhunt that are not in it.
        num_children: children in each round.
        breed: breeds the child of a number.
    """

    name: str
    leaves_out: str
    num_children: int
    breed: Callable[[int], object]


def bench_breeding(on_activity: OnActivity) -> dict[str, Any]:
    """Measure the children a second of each tool that is installed.

    Returns:
        The sizes, and for each way its rate, its time in those of Lionhunt's whole child, and the
        steps that it leaves out. Figures are medians over rounds; ratios are of paired rounds.
    """
    on_activity(Activity("breeding: the populations"))
    ways = [*_lionhunt_ways(), *_other_ways()]
    on_activity(Activity("breeding: children"))
    runs = {way.name: _batch(way) for way in ways}
    rounds = time_interleaved(runs, num_rounds=NUM_ROUNDS)
    seconds = {way.name: [total / way.num_children for total in rounds[way.name]] for way in ways}
    return {
        "statements": NUM_STATEMENTS,
        "population_size": POPULATION_SIZE,
        "tournament_size": TOURNAMENT_SIZE,
        "ways": {
            way.name: {
                "children_per_second": 1 / statistics.median(seconds[way.name]),
                "ratio": statistics.median(
                    other / own
                    for other, own in zip(seconds[way.name], seconds[WHOLE], strict=True)
                ),
                "leaves_out": way.leaves_out,
            }
            for way in ways
        },
    }


def _batch(way: Way) -> Callable[[], None]:
    """Return a function that breeds the next children."""
    numbers = itertools.count()

    def breed_all() -> None:
        for number in itertools.islice(numbers, way.num_children):
            way.breed(number)

    return breed_all


def _lionhunt_ways() -> Iterator[Way]:
    programs = [grow_program(NUM_STATEMENTS, random.Random(i)) for i in range(POPULATION_SIZE)]
    breeder, rng, space = Breeder(programs), random.Random(0), MutationSpace()

    def mutate_one(number: int) -> object:
        return mutate(programs[number % len(programs)], rng, space)

    yield Way(WHOLE, "nothing", 1000, breeder)
    yield Way("Lionhunt: bred, checked", "fingerprint, cache", 1000, breeder.breed)
    yield Way("Lionhunt: mutated, checked", "tournament, fingerprint, cache", 1000, mutate_one)


def _other_ways() -> Iterator[Way]:
    sizes = POPULATION_SIZE, NUM_STATEMENTS, TOURNAMENT_SIZE
    if is_installed("deap"):
        from lionhunt.search.bench.alternatives.deap_trees import TreeBreeder

        left = "states, check of kinds, fingerprint, cache"
        yield Way("DEAP (deap.gp): selected, cloned, mutated", left, 1000, TreeBreeder(*sizes))
    if is_installed("pyglove"):
        from lionhunt.search.bench.alternatives.pyglove_programs import DnaBreeder

        breeder, left = DnaBreeder(*sizes), "check of kinds, fingerprint, cache"
        yield Way("PyGlove: proposed, fed back", f"program, {left}", 3, breeder)
        yield Way("PyGlove: proposed, fed back, decoded", left, 1, breeder.decode)
