"""The fittest program so far, in runs that evaluate a program more than once."""

import heapq

from lionhunt.search.evaluation.outcome import EvaluationId


class BestTracker:
    """Ranks programs by their latest fitness, where a later evaluation replaces an earlier one.

    The first individual that has the latest evaluation of a program stands for the program.
    """

    def __init__(self):
        self._latest: dict[str, int] = {}
        """Number of the latest evaluation, by its owner."""
        self._ranked: list[tuple[float, int, str, int]] = []
        """Heap of all evaluations, replaced ones included."""

    def add(self, index: int, outcome: EvaluationId, fitness: float | None) -> None:
        """Add an individual; call this in order of birth.

        Args:
            index: number of the individual.
            outcome: evaluation that the individual has.
            fitness: None if it has none.
        """
        if self._latest.get(outcome.owner, 0) < outcome.number:
            self._latest[outcome.owner] = outcome.number
            if fitness is not None:
                heapq.heappush(self._ranked, (-fitness, index, outcome.owner, outcome.number))

    @property
    def best(self) -> int | None:
        """Return the number of the fittest, the first of equals; None if none has a fitness."""
        while self._ranked:
            _, index, owner, number = self._ranked[0]
            if self._latest[owner] == number:
                return index
            heapq.heappop(self._ranked)
        return None
