"""The grid of learning rates and weight decays: a log grid that extends itself.

The grid has no edge. It begins with a square of 3 x 3 coarse steps, or with given points. A weight
decay of 0 stays 0, and the grid is then a line of learning rates. Then it tries the neighbours
of the best point so far, coarse steps first. A best point at an edge of the tried points moves
that edge, and an inner one is refined. Once they are tried, the neighbours of the second best
follow, and so on. So every optimizer has exactly the same number of trials.
"""

import math
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from lionhunt.search.evaluation.seed_scores import best_index

COARSE, FINE = 2, 1
"""Steps of the grid, in places."""
MIN_VALUE, MAX_VALUE = 1e-9, 1e4
"""The range of learning rates and weight decays."""


class Hyperparameters(NamedTuple):
    """The tuned values.

    Attributes:
        learning_rate: the peak of the schedule.
        weight_decay: decoupled; multiplied by the learning rate.
    """

    learning_rate: float
    weight_decay: float


class Place(NamedTuple):
    """A place on the grid, counted in fine steps from its start.

    The counts are whole numbers, but for given points that lie between the places.
    """

    learning_rate: float
    weight_decay: float


class Grid(NamedTuple):
    """A log grid.

    Attributes:
        start: the point at place (0, 0).
        learning_rate_factor, weight_decay_factor: factor of a coarse step; its root is a fine
            step.
    """

    start: Hyperparameters
    learning_rate_factor: float
    weight_decay_factor: float

    def point(self, place: Place) -> Hyperparameters:
        """Return the point at a place, rounded to 4 digits."""
        return Hyperparameters(
            _rounded(self.start.learning_rate, self.learning_rate_factor, place.learning_rate),
            _rounded(self.start.weight_decay, self.weight_decay_factor, place.weight_decay),
        )

    def place_of(self, learning_rate: float) -> Place:
        """Return the place of a learning rate with the weight decay of the start."""
        steps = math.log(learning_rate / self.start.learning_rate, self.learning_rate_factor)
        # The logarithm of a power may miss a whole number in the last bits.
        return Place(round(COARSE * steps, 6), 0)

    def next_places(self, tried: Mapping[Place, float], num_trials: int) -> list[Place]:
        """Return the places to try next; none once the budget is used up.

        Args:
            tried: the value of each place so far, higher is better; minus infinity where training
                failed. The first of equal values counts.
            num_trials: the budget, in places.
        """
        left = num_trials - len(tried)
        if left <= 0:
            return []
        start = Place(0, 0)
        if not tried:
            return [start, *filter(self._has, _neighbours(start, COARSE))][:left]
        for center in sorted(tried, key=lambda place: -tried[place]):
            on_coarse = not any(coordinate % COARSE for coordinate in center)
            for step in (COARSE, FINE) if on_coarse else (FINE,):
                new = [p for p in _neighbours(center, step) if p not in tried and self._has(p)]
                if new:
                    return new[:left]
        return []

    def _has(self, place: Place) -> bool:
        rate, decay = self.point(place)
        has_decay = MIN_VALUE <= decay <= MAX_VALUE if decay else place.weight_decay == 0
        return MIN_VALUE <= rate <= MAX_VALUE and has_decay


def best_place(tried: Mapping[Place, float]) -> Place | None:
    """Return the place with the highest value, the first of equals; None if all failed."""
    best = best_index(list(tried.values()))
    return None if best is None else list(tried)[best]


def edges(best: Place, tried: Mapping[Place, float]) -> tuple[str, ...]:
    """Return the coordinates in which a place is at an edge of the tried places.

    A weight decay that was never varied has no edge.
    """
    is_line = all(place.weight_decay == 0 for place in tried) and len(tried) > 1
    return tuple(
        name
        for name, value, *values in zip(Place._fields, best, *tried, strict=True)
        if value in (min(values), max(values)) and not (is_line and name == "weight_decay")
    )


def _neighbours(center: Place, step: int) -> Iterator[Place]:
    """Yield the eight neighbours of a place, those in one coordinate first."""
    sides = [(-1, 0), (1, 0), (0, -1), (0, 1), (-1, -1), (-1, 1), (1, -1), (1, 1)]
    return (Place(center[0] + step * i, center[1] + step * j) for i, j in sides)


def _rounded(start: float, factor: float, place: float) -> float:
    return float(f"{start * factor ** (place / COARSE):.4g}")
