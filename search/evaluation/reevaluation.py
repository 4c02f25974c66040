"""TODO docstring."""

import random
from typing import Literal, NamedTuple


class Reevaluation(NamedTuple):
    """When a program is evaluated anew, and what its fitness is then.

    Attributes:
        way: the mean of its evaluations so far, or the latest.
        every: births after which the next evaluation is due.
        max_evaluations: of one program.
    """

    way: Literal["average", "forget"]
    every: int
    max_evaluations: int

    def number(self, num_births: int) -> int:
        """The evaluation, from 1, of the last of so many individuals that do the same."""
        return min(1 + (num_births - 1) // self.every, self.max_evaluations)

    def is_due(self, num_births: int) -> bool:
        """Whether the last of so many individuals is the first with a later evaluation."""
        return 1 < self.number(num_births) != self.number(num_births - 1)


def evaluation_seed(seed: int, number: int) -> int | None:
    """The seed of an evaluation by its number, from 1, in 32 bits; None for the run's own."""
    if number == 1:
        return None
    return random.Random(f"evaluation {number} of run {seed}").getrandbits(32)
