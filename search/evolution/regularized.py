"""Regularized evolution as a function of the history: the population is a sliding window.

Individuals are numbered by birth, and the first `population_size` are the initial program. A child
depends only on the run's seed, its own number and the individuals before it. A run is therefore the
same on any number of workers, and after any crash.

Real et al., 2019 (arXiv:1802.01548): a tournament, a mutation of its winner, the oldest dies.
"""

import dataclasses
import random
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.program import Program
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import Mate, Mutant, MutationSpace

TUNE = "tune"
"""The kind of mutation that changes constants by what was learnt."""

Mutate = Callable[
    [Program, random.Random, MutationSpace, AnalyzedProgram | None, Mate | None], Mutant
]
"""A function of a parent that returns a mutant; see `search.evolution.mutation.mutate`."""


@dataclasses.dataclass(frozen=True, slots=True)
class Individual:
    """One program of the history.

    Attributes:
        index: the number of its birth, from 0.
        parent: its parent's number; None in the initial population.
        mutation: the kind of mutation; "initial" in the initial population.
        program: as bred, with its redundant statements.
        num_draws: mutations drawn until one was valid.
        second_parent: the number of the second parent, after a crossover.
        invalid: names of the user's mutations, each with its invalid draws. Records only have sums,
            so an individual that was read has none.
    """

    index: int
    parent: int | None
    mutation: str
    program: Program
    num_draws: int = 1
    second_parent: int | None = None
    invalid: tuple[tuple[str, int], ...] = ()


class Elite(Protocol):
    """The best of a history, at any moment that a child may be bred from."""

    def front(self, count: int) -> Sequence[int]:
        """Return the Pareto front of the first `count` individuals."""
        ...

    def tune(self, index: int, count: int, seed: int) -> Program | None:
        """Return an individual with new constants, drawn with what `count` individuals tell.

        Returns:
            None if it has no constants that are worth it.
        """
        ...


@dataclasses.dataclass(frozen=True)
class Selection:
    """The choice of parents.

    Attributes:
        front_parents: share of parents that are drawn from the front, in place of a tournament.
        tune: share of children that are members of the front with tuned constants.
    """

    front_parents: float = 0.0
    tune: float = 0.0

    @property
    def needs_front(self) -> bool:
        return self.front_parents > 0 or self.tune > 0


TOURNAMENT = Selection()
"""Regularized evolution as it was published."""


def window(index: int, population_size: int, lag: int) -> range:
    """Return the candidate parents of child `index`: `population_size` individuals in a row.

    They are the last ones born before `index - lag`, or the initial population for the first
    children. The lag is the number of children that may be in flight.
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
    selection: Selection = TOURNAMENT,
    elite: Elite | None = None,
) -> Individual:
    """Return child `index`: a mutation of the winner of a tournament among its candidate parents.

    The parent may also be a member of the Pareto front, in or out of the population.

    Args:
        history: at least the candidate parents, by number.
        fitness: of a candidate parent; minus infinity if it has none.
        tournament_size: contestants, drawn with replacement as in AutoML-Zero (the paper does not
            say); the older of equals wins.
        identities: analyses of candidate parents, where known; see
            `search.evolution.mutation.mutate`.
        mutate: the function that mutates the winner, within `space`.
        selection: the choice of the parent.
        elite: the best of the history; None if `selection` needs nothing of it.
    """
    rng = random.Random((seed << 64) | index)
    candidate_parents = window(index, population_size, lag)
    count = candidate_parents.stop
    front = elite.front(count) if elite is not None and selection.needs_front else ()
    if front and elite is not None and rng.random() < selection.tune:
        parent = rng.choice(front)
        tuned = elite.tune(parent, count, rng.getrandbits(32))
        if tuned is not None:
            return Individual(index, parent, TUNE, tuned)

    def hold_tournament() -> int:
        contestants = (rng.choice(candidate_parents) for _ in range(tournament_size))
        return max(contestants, key=lambda i: (fitness(i), -i))

    def mate() -> tuple[int, Program]:
        second_parent = hold_tournament()
        return second_parent, history[second_parent].program

    if front and rng.random() < selection.front_parents:
        parent = rng.choice(front)
    else:
        parent = hold_tournament()
    identity = None if identities is None else identities.get(parent)
    mutant = mutate(history[parent].program, rng, space, identity, mate)
    return Individual(index, parent, *mutant)


def initial_individual(index: int, program: Program) -> Individual:
    """Return one of the first `population_size` individuals."""
    return Individual(index, None, "initial", program)
