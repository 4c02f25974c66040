"""The methods of breeding children; each is a function of the history and nothing else."""

import functools
from collections.abc import Callable, Mapping
from typing import Literal, Protocol

from lionhunt.dsl.analysis.fingerprinting import AnalyzedProgram
from lionhunt.dsl.program import Program
from lionhunt.search.evolution.baselines import draw_individual, vary_constant
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.regularized import TOURNAMENT, Elite, Individual, Selection, breed

Method = Literal["evolution", "constants", "random"]
"""Regularized evolution, evolution of the constants alone, or random search."""


class Breed(Protocol):
    """A function that breeds a child, as `search.evolution.regularized.breed` does."""

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
    selection: Selection = TOURNAMENT,
    elite: Elite | None = None,
) -> Breed:
    """Return the function that breeds the children of a run.

    Args:
        method: of breeding.
        initial: the initial program of the run.
        seed, population_size, tournament_size, lag, space, selection, elite: see
            `search.evolution.regularized.breed`. Random search has no parents to choose.
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
        selection=selection,
        elite=elite,
        **options,
    )
