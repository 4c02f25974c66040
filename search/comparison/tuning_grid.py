"""Where a learning rate and a weight decay are tried: a log grid that extends itself.

The grid has no edge. It begins with a square of 3 x 3 coarse steps. Then the neighbours of the best
point so far are tried, coarse steps first, so that a best point at the edge of what was tried moves
that edge, and an inner one is refined; when they are known, those of the second best, and so on. So
every optimizer has exactly as many trials as every other, and none is wasted.
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lionhunt.search.comparison.result import Hyperparameters

COARSE, FINE = 2, 1
"""Steps of the grid, in places."""
LEAST, MOST = 1e-9, 1e4
"""The range of learning rates and weight decays."""


class Place(NamedTuple):
    """A place on the grid, counted in fine steps from its start."""

    learning_rate: int
    weight_decay: int


class Grid(NamedTuple):
    """A log grid.

    Attributes:
        start: the point at place (0, 0).
        learning_rate_factor, weight_decay_factor: from one place to the next coarse step; its root
            is a fine step.
    """

    start: Hyperparameters
    learning_rate_factor: float
    weight_decay_factor: float

    def point(self, place: Place) -> Hyperparameters:
        """The point at a place, rounded to 4 digits."""
        return Hyperparameters(
            _rounded(self.start.learning_rate, self.learning_rate_factor, place.learning_rate),
            _rounded(self.start.weight_decay, self.weight_decay_factor, place.weight_decay),
        )

    def next_places(self, tried: Mapping[Place, float], num_trials: int) -> list[Place]:
        """The places to try next; none when there were enough.

        Args:
            tried: the value at every place so far, higher is better; minus infinity where training
                failed. Of equal values the first counts.
            num_trials: how many places in all.
        """
        left = num_trials - len(tried)
        if left <= 0:
            return []
        start = Place(0, 0)
        if start not in tried:
            return [start, *_neighbours(start, COARSE)][:left]
        for center in sorted(tried, key=lambda place: -tried[place]):
            on_coarse = not any(coordinate % COARSE for coordinate in center)
            for step in (COARSE, FINE) if on_coarse else (FINE,):
                new = [p for p in _neighbours(center, step) if p not in tried and self._has(p)]
                if new:
                    return new[:left]
        return []

    def _has(self, place: Place) -> bool:
        return all(LEAST <= value <= MOST for value in self.point(place))


def best_place(tried: Mapping[Place, float]) -> Place | None:
    """The place with the highest value, the first of equals; None where all failed."""
    trained = [place for place in tried if tried[place] > float("-inf")]
    return max(trained, key=lambda place: tried[place], default=None)


def edges(best: Place, tried: Mapping[Place, float]) -> tuple[str, ...]:
    """The coordinates in which a place is at an edge of what was tried."""
    return tuple(
        name
        for name, value, *values in zip(Place._fields, best, *tried, strict=True)
        if value in (min(values), max(values))
    )


def _neighbours(center: Place, step: int) -> Iterator[Place]:
    """The eight around a place; those in one coordinate first."""
    sides = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]
    return (Place(center[0] + step * i, center[1] + step * j) for i, j in sides)


def _rounded(start: float, factor: float, place: int) -> float:
    return float(f"{start * factor ** (place / COARSE):.4g}")
