"""Luck of trainings: what a seed adds to the gain of every program, and to that of one.

A gain is over the reference on the same seed. Where the reference was unlucky, all programs gain
more. In one run the mean gain of all raced programs was 2.6 with one seed and 1.5 with another. So
gains with different seeds cannot be compared as they are. A complete race tells how far the gain
with each further seed is above their mean. The effect of a seed is the median of that over the
races so far. Gains with the first seed are selected in races, so these say nothing about it. Known
optimizers do, where a run trains them on all seeds. Each counts as a race of its own. Without them
the first seed has no effect. A rank that is too high only costs a race.

What is left is the luck of a single program. Its mean gain over n seeds has the standard error
`sigma / sqrt(n)`. Programs of one run differ little in sigma, and a few seeds say little about a
single program. So all share one: the median over the races so far. A mean would let one program
that fails badly with one seed discount all others for ever.

Before the first races there is a prior: the spread of the reference's scores over seeds. It counts
as `PRIOR_RACES` races.
"""

import bisect
import math
import statistics
from collections.abc import Mapping, Sequence

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
    """The effects of seeds and the spread of gains around them, estimated from the races so far.

    Args:
        gains: of the reference with several seeds, over its own mean score.
        max_seeds: number of the last seed of a complete race; the first seed is 1.
    """

    def __init__(self, gains: Sequence[float], max_seeds: int):
        self._spreads = [statistics.stdev(gains)] * PRIOR_RACES
        self._further = range(2, max_seeds + 1)
        """Numbers of the further seeds."""
        self._deviations: dict[int, list[float]] = {n: [] for n in range(1, max_seeds + 1)}
        """Sorted deviations with each seed from the mean of the further ones."""

    def add(self, gains: Mapping[int, float]) -> None:
        """Add a race.

        Args:
            gains: of one program by seed. A program that its first seed made race has none there.
        """
        further = {number: gains[number] for number in self._further if number in gains}
        if len(further) >= MIN_GAINS:
            adjusted = [gain - self.effect(number) for number, gain in further.items()]
            bisect.insort(self._spreads, statistics.stdev(adjusted))
        if len(further) == len(self._further):
            mean = statistics.fmean(further.values())
            for number, gain in gains.items():
                bisect.insort(self._deviations[number], gain - mean)

    @property
    def sigma(self) -> float:
        """Return the standard deviation of the gain of one training."""
        return _median(self._spreads)

    def effect(self, number: int) -> float:
        """Return what a seed adds to all gains; 0 before anything is known of it."""
        deviations = self._deviations[number]
        return _median(deviations) if deviations else 0.0

    def margin(self, numbers: Sequence[int]) -> float:
        """Return the distance from the mean gain with these seeds to the lower end of its interval.

        It is negative for seeds with which all programs gain little.
        """
        effect = statistics.fmean(map(self.effect, numbers))
        return effect + self.standard_error(len(numbers))

    def standard_error(self, num_seeds: int) -> float:
        """Return the standard errors of a mean gain that a rank is below it."""
        return Z * self.sigma / math.sqrt(num_seeds)


def _median(ordered: Sequence[float]) -> float:
    """Return the median of sorted numbers."""
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return ordered[middle]
    return (ordered[middle - 1] + ordered[middle]) / 2
