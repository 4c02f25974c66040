"""The fittest program so far, where a later evaluation may take back what an earlier one said."""

import heapq

from lionhunt.search.evaluation.outcome import EvaluationId


class Fittest:
    """Ranks programs by their latest fitness; of each, the first individual that has it stands.

    Individuals are to be told of in order of birth.
    """

    def __init__(self):
        self._numbers: dict[str, int] = {}  # of the latest evaluation, by its owner
        self._ranked: list[tuple[float, int, str, int]] = []  # also what is not the latest any more

    def add(self, index: int, outcome: EvaluationId, fitness: float | None) -> None:
        """Takes in an individual.

        Args:
            index: its number.
            outcome: the name of its outcome.
            fitness: None if it has none.
        """
        if self._numbers.get(outcome.owner, 0) < outcome.number:
            self._numbers[outcome.owner] = outcome.number
            if fitness is not None:
                heapq.heappush(self._ranked, (-fitness, index, outcome.owner, outcome.number))

    @property
    def best(self) -> int | None:
        """The number of the fittest, the first of equals; None if none has a fitness."""
        while self._ranked:
            _, index, owner, number = self._ranked[0]
            if self._numbers[owner] == number:
                return index
            heapq.heappop(self._ranked)
        return None
