"""A recorded individual with its outcome, and how it is read from the view `history`."""

import dataclasses
from typing import Any

from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.evaluation.outcome import EvaluationId, Status
from lionhunt.search.evaluation.ranking import NO_DISCOUNT, Discount, or_neg_inf
from lionhunt.search.evaluation.step_sizes import Multiples, common_multiple
from lionhunt.search.evolution.regularized import Individual
from lionhunt.search.evolution.step import multiply_step
from lionhunt.search.storage.checked_tables import to_multiples


@dataclasses.dataclass(frozen=True, slots=True)
class StoredProgram:
    """A recorded individual with its outcome.

    Attributes:
        individual: the program and its birth.
        fingerprint: of the program.
        num_statements, num_needed: the number of statements, and of needed statements.
        outcome: the name of its evaluation: that of its fingerprint, unless an option differs.
        fitness: None for a failure.
        status: the end of the evaluation.
        discount: the difference between its fitness and its rank.
        multiples: of its update, for each task the best one; empty in a run without step sizes.
    """

    individual: Individual
    fingerprint: str
    num_statements: int
    num_needed: int
    outcome: EvaluationId
    fitness: float | None
    status: Status
    discount: Discount = NO_DISCOUNT
    multiples: Multiples = ()

    @property
    def program(self) -> Program:
        """Return the program that the fitness is of, the multiple of its update included.

        If several tasks differ in their best multiple, it is the geometric mean.
        """
        return multiply_step(self.individual.program, common_multiple(self.multiples))

    @property
    def fitness_or_neg_inf(self) -> float:
        """Return the fitness, or minus infinity for a failure."""
        return or_neg_inf(self.fitness)

    @property
    def rank(self) -> float | None:
        """Return the rank; None for a failure."""
        return self.discount.rank(self.fitness)

    @property
    def rank_or_neg_inf(self) -> float:
        """Return the rank, or minus infinity for a failure, as tournaments compare it."""
        return or_neg_inf(self.rank)


ROWS = """SELECT "index", parent, mutation, num_draws, program, fingerprint, num_statements,
    num_needed, outcome, fitness, reason, multiples, second_parent, margin, cost
    FROM history LEFT JOIN origins USING ("index")"""
"""The SQL that reads the columns of `to_row`, without a condition."""


def to_row(
    index: int, parent: int | None, mutation: str, num_draws: int, text: str, *rest: Any
) -> StoredProgram:
    """Return the individual of a row of `ROWS`."""
    fingerprint, num_statements, num_needed, outcome, fitness, status, sizes, *later = rest
    second_parent, *discount = later
    individual = Individual(index, parent, mutation, parse(text), num_draws, second_parent)
    return StoredProgram(
        individual,
        fingerprint,
        num_statements,
        num_needed,
        EvaluationId.parse(outcome),
        fitness,
        Status(status),
        Discount(*discount),
        to_multiples(sizes),
    )
