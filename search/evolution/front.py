"""The Pareto front of a history: programs that no other beats in rank and in every cost.

The front at earlier moments of the history is known as well. So a child sees the front of its own
moment, on any number of workers.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import NamedTuple


class Point(NamedTuple):
    """The place of a program among others.

    Attributes:
        rank: higher is better; minus infinity for a failure.
        costs: lower is better, on each axis; none for a failure.
    """

    rank: float
    costs: tuple[float, ...] = ()

    @property
    def is_failure(self) -> bool:
        return self.rank == -math.inf

    def covers(self, other: "Point") -> bool:
        """Return whether this point is at least as good in everything."""
        if self.rank < other.rank:
            return False
        return all(mine <= theirs for mine, theirs in zip(self.costs, other.costs, strict=True))


class Front:
    """The Pareto front after each of the last individuals of a history.

    Args:
        num_remembered: individuals, counted from the last, whose fronts `at` knows.
    """

    def __init__(self, num_remembered: int):
        self._num_remembered = num_remembered
        self._members: dict[int, Point] = {}
        self._versions: deque[tuple[int, Sequence[int]]] = deque([(0, ())])
        """Members since a number of individuals."""

    def add(self, index: int, point: Point) -> None:
        """Add an individual; call this in order of birth.

        Args:
            index: number of the individual.
            point: rank and costs, which all individuals of a program share.
        """
        if not self.is_missing(point):
            return
        self._members = {i: each for i, each in self._members.items() if not point.covers(each)}
        self._members[index] = point
        cheapest_first = sorted(self._members, key=lambda i: self._members[i].costs)
        self._versions.append((index + 1, tuple(cheapest_first)))
        while self._versions[1][0] <= index + 1 - self._num_remembered:
            self._versions.popleft()

    def is_missing(self, point: Point) -> bool:
        """Return whether a program of that place would enter the front of all individuals."""
        if point.is_failure:
            return False
        return not any(each.covers(point) for each in self._members.values())

    def at(self, count: int) -> Sequence[int]:
        """Return the members after the first `count` individuals, the cheapest first."""
        return next(members for since, members in reversed(self._versions) if since <= count)
