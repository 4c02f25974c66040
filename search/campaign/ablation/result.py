"""Results of an ablation: the best program of every search, and the comparison of all of them."""

from typing import NamedTuple

from lionhunt.dsl.program import Program
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.paper.replication.loop import FinishedRun


class FoundProgram(NamedTuple):
    """The best program of a search.

    Attributes:
        name: its name in the comparison, as "all remedies, seed 0".
        run: the search.
        program: simplified exactly, at its best step size; None if no program has a fitness.
    """

    name: str
    run: FinishedRun
    program: Program | None


class AblationResult(NamedTuple):
    """The result of all searches.

    Attributes:
        found: for each variant, in order, the program of each seed.
        comparison: these programs and known optimizers; None if nothing was found.
        comparison_seconds: seconds of all its trainings.
    """

    found: tuple[tuple[FoundProgram, ...], ...]
    comparison: Comparison | None
    comparison_seconds: float
