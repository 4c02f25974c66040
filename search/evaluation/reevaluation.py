"""Repeated evaluation of a program whose individuals keep being born."""

import random
from typing import Literal, NamedTuple


class Reevaluation(NamedTuple):
    """The rule for evaluating a program again.

    Attributes:
        way: "average" takes the mean of its evaluations so far as fitness, "forget" the latest.
        every: births after which the next evaluation is due.
        max_evaluations: of one program.
    """

    way: Literal["average", "forget"]
    every: int
    max_evaluations: int

    def number(self, num_births: int) -> int:
        """Return the number of the evaluation, from 1, that birth `num_births` takes."""
        return min(1 + (num_births - 1) // self.every, self.max_evaluations)

    def is_due(self, num_births: int) -> bool:
        """Return whether birth `num_births` is the first with a later evaluation."""
        return 1 < self.number(num_births) != self.number(num_births - 1)


def evaluation_seed(seed: int, number: int) -> int | None:
    """Return the 32-bit seed of an evaluation, or None for the first, which has the run's seed."""
    if number == 1:
        return None
    return random.Random(f"evaluation {number} of run {seed}").getrandbits(32)
