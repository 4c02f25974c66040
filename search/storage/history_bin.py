"""Counts over a part of the history of a run."""

from typing import NamedTuple


class HistoryBin(NamedTuple):
    """Counts over one part of a history.

    Attributes:
        number: of the part, from 0.
        num_programs: individuals in the part.
        best_rank: of these; None if none has a fitness.
        best_fitness: fitness of the one of that rank.
        num_children: individuals with a parent.
        num_new: children that are the first of their fingerprint.
        num_statements, num_needed: sums over the individuals.
    """

    number: int
    num_programs: int
    best_rank: float | None
    best_fitness: float | None
    num_children: int
    num_new: int
    num_statements: int
    num_needed: int
