"""Luck of trainings: the spread of a program's gain over seeds, and the margin for it.

The mean gain over n seeds has the standard error `sigma / sqrt(n)`. Here sigma is the standard
deviation of the gain of one training. Programs of one run differ little in it, and a few seeds say
little about a single program. So all programs share one sigma: the median over the races so far.
A mean would let one program that fails badly with one seed discount all others for ever.

Before the first races there is a prior: the spread of the reference's scores over seeds. It counts
as `PRIOR_RACES` races.
"""

import bisect
import math
import statistics
from collections.abc import Sequence

Z = 1.0
"""Standard errors in a margin.

A larger one keeps more lucky programs away, and slows down small, real gains. Each race is one test
of many, and the last ones have `sqrt(7)` times less luck than a first training.
"""

PRIOR_RACES = 4
"""Races that the reference counts as."""

MIN_GAINS = 3
"""Seeds below which a race says nothing about the spread; a program that fell at once has one."""


class Luck:
    """The spread of gains over seeds, estimated from the races so far.

    Args:
        gains: of the reference with several seeds, over its own mean score.
    """

    def __init__(self, gains: Sequence[float]):
        self._spreads = [statistics.stdev(gains)] * PRIOR_RACES

    def add(self, gains: Sequence[float]) -> None:
        """Add a race.

        Args:
            gains: of one program, one a seed, without the seed that made it race.
        """
        if len(gains) >= MIN_GAINS:
            bisect.insort(self._spreads, statistics.stdev(gains))

    @property
    def sigma(self) -> float:
        """Return the standard deviation of the gain of one training."""
        middle = len(self._spreads) // 2
        if len(self._spreads) % 2:
            return self._spreads[middle]
        return (self._spreads[middle - 1] + self._spreads[middle]) / 2

    def margin(self, num_seeds: int) -> float:
        """Return the distance from a mean gain to the lower end of its interval."""
        return Z * self.sigma / math.sqrt(num_seeds)
