"""How the children of a run are bred: each way is a function of the history and nothing else."""

import functools
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.program import Program
from lionhunt.search.evolution.baselines import draw_individual, vary_constant
from lionhunt.search.evolution.mutation import MutationSpace
from lionhunt.search.evolution.regularized import Individual, breed

Method = Literal["evolution", "constants", "random"]
"""Regularized evolution; the same where constants alone mutate; random search."""


class Breed(Protocol):
    """Breeds the child of a number from its elders; see `search.evolution.regularized.breed`."""

    def __call__(
        self,
        history: Mapping[int, Individual],
        fitness: Callable[[int], float],
        index: int,
        *,
        identities: Mapping[int, AnalyzedProgram] | None = None,
    ) -> Individual: ...


def make_breeder(
    method: Method,
    initial: Program,
    *,
    seed: int,
    population_size: int,
    tournament_size: int,
    lag: int,
    space: MutationSpace,
) -> Breed:
    """What breeds the children of a run.

    Args:
        method: in which way.
        initial: the program that the run begins with.
        seed, population_size, tournament_size, lag, space: as of `search.evolution.regularized.breed`.
    """
    if method == "random":
        return functools.partial(draw_individual, initial=initial, seed=seed, space=space)
    options = {"mutate": vary_constant} if method == "constants" else {}
    return functools.partial(
        breed,
        seed=seed,
        population_size=population_size,
        tournament_size=tournament_size,
        lag=lag,
        space=space,
        **options,
    )
