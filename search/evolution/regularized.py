"""Regularized evolution as a function of the history: no population is kept, a window slides.

Individuals are numbered by birth and the first `population_size` are the initial program. A child
depends on the run's seed, its own number and the individuals before it, and on nothing else: so a
run is the same on any number of workers, and after any crash.

Real et al., 2019 (arXiv:1802.01548): a tournament, a mutation of its winner, the oldest dies.
"""

import dataclasses
import random
from collections.abc import Callable, Mapping

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.program import Program
from lionhunt.search.evolution.mutation import Mutant, MutationSpace, mutate

Mutate = Callable[[Program, random.Random, MutationSpace, AnalyzedProgram | None], Mutant]
"""From a parent, its identity last, to a mutant."""


@dataclasses.dataclass(frozen=True, slots=True)
class Individual:
    """One program of the history.

    Attributes:
        index: its number, by birth, from 0.
        parent: its parent's number; None in the initial population.
        mutation: how it came from its parent; "initial" in the initial population.
        program: as bred, redundant statements and all.
        num_draws: mutations drawn until one was valid.
    """

    index: int
    parent: int | None
    mutation: str
    program: Program
    num_draws: int = 1


def window(index: int, population_size: int, lag: int) -> range:
    """The elders of child `index`: the last `population_size` born before `index - lag`.

    The lag is how many children may be in flight; the first elders are the initial population.
    """
    stop = max(population_size, index - lag)
    return range(stop - population_size, stop)


def breed(
    history: Mapping[int, Individual],
    fitness: Callable[[int], float],
    index: int,
    *,
    seed: int,
    population_size: int,
    tournament_size: int,
    lag: int,
    space: MutationSpace,
    mutate: Mutate = mutate,
    identities: Mapping[int, AnalyzedProgram] | None = None,
) -> Individual:
    """Returns child `index`: a mutation of the winner of a tournament among its elders.

    Args:
        history: at least the elders, by number.
        fitness: of an elder; minus infinity if it has none.
        tournament_size: contestants, drawn with replacement (as AutoML-Zero does; the paper does
            not say); the elder of equals wins.
        identities: of the elders, where known; see `search.evolution.mutation.mutate`.
        mutate: how the winner is mutated, within `space`.
    """
    rng = random.Random((seed << 64) | index)
    elders = window(index, population_size, lag)
    contestants = (rng.choice(elders) for _ in range(tournament_size))
    parent = max(contestants, key=lambda i: (fitness(i), -i))
    identity = None if identities is None else identities.get(parent)
    mutation, program, num_draws = mutate(history[parent].program, rng, space, identity)
    return Individual(index, parent, mutation, program, num_draws)


def initial_individual(index: int, program: Program) -> Individual:
    """One of the first `population_size` individuals."""
    return Individual(index, None, "initial", program)
