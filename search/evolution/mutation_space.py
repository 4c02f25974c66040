"""The space of mutations, and what a mutation returns."""

import dataclasses
from collections.abc import Callable
from typing import NamedTuple

from lionhunt.dsl.ops import GROUPS
from lionhunt.dsl.program import Program
from lionhunt.search.evolution.extra import ExtraMutation
from lionhunt.search.evolution.step import INSIDE, Step

DRAWN_FUNCTIONS = GROUPS["paper"]
"""The paper's 43 functions."""


@dataclasses.dataclass(frozen=True)
class MutationSpace:
    """The allowed mutations.

    Attributes:
        functions: names of the functions that inserted statements apply.
        weights: relative frequencies of the first of `MUTATIONS`, or of all. The paper has the
            first three, and its code equal weights.
        max_statements: the longest program, None for no limit, as in the paper.
        until_different: whether to draw until the fingerprint differs from the parent's.
        step: the end of every program, which mutations leave alone.
        extra: mutations of the user.
        extra_weights: their relative frequencies.
    """

    functions: tuple[str, ...] = DRAWN_FUNCTIONS
    weights: tuple[float, ...] = (1.0, 1.0, 1.0)
    max_statements: int | None = None
    until_different: bool = False
    step: Step = INSIDE
    extra: tuple[ExtraMutation, ...] = ()
    extra_weights: tuple[float, ...] = ()


Mate = Callable[[], tuple[int, Program]]
"""A function that chooses a second parent; it returns the parent's number and program."""


class Mutant(NamedTuple):
    """A valid mutant, and how it came about.

    Attributes:
        mutation: its kind; of the user's, the name.
        program: the mutant.
        num_draws: mutations drawn until it was valid.
        second_parent: number of the second parent, after a crossover.
        invalid: names of the user's mutations, each with the number of its invalid draws.
    """

    mutation: str
    program: Program
    num_draws: int
    second_parent: int | None = None
    invalid: tuple[tuple[str, int], ...] = ()
