"""Rank of an individual, which tournaments and the choice of the best compare.

An individual's rank is its fitness, less a margin for the luck of few trainings and a cost.
The discount is a function of the history, and is fixed when the individual is recorded.
"""

import math
from typing import NamedTuple


class Discount(NamedTuple):
    """The difference between the fitness and the rank of an individual.

    Attributes:
        margin: for luck; see `search.driver.racing.race`.
        cost: of the program itself, in units of fitness.
    """

    margin: float = 0.0
    cost: float = 0.0

    def rank(self, fitness: float | None) -> float | None:
        """Return the rank; None for a failure."""
        # The view `history` computes the same, in the same order.
        return None if fitness is None else fitness - self.margin - self.cost


NO_DISCOUNT = Discount()


def or_neg_inf(value: float | None) -> float:
    """Return a fitness or a rank as it is compared: a failure has minus infinity."""
    return -math.inf if value is None else value
