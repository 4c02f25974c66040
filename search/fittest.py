"""The fittest program so far, where a later evaluation may take back what an earlier one said."""

import heapq

from search.outcome import OutcomeName


class Fittest:
    """Ranks programs by their latest fitness; of each, the first individual that has it stands.

    Individuals are to be told of in order of birth.
    """

    def __init__(self):
        self._numbers: dict[str, int] = {}  # of the latest evaluation, by fingerprint
        self._ranked: list[tuple[float, int, str, int]] = []  # also what is not the latest any more

    def add(
        self, index: int, fingerprint: str, outcome: str | OutcomeName, fitness: float | None
    ) -> None:
        """Takes in an individual.

        Args:
            index: its number.
            fingerprint: of its program.
            outcome: the name of its outcome.
            fitness: None if it has none.
        """
        number = OutcomeName.parse(str(outcome)).number
        if self._numbers.get(fingerprint, 0) < number:
            self._numbers[fingerprint] = number
            if fitness is not None:
                heapq.heappush(self._ranked, (-fitness, index, fingerprint, number))

    @property
    def best(self) -> int | None:
        """The number of the fittest, the first of equals; None if none has a fitness."""
        while self._ranked:
            _, index, fingerprint, number = self._ranked[0]
            if self._numbers[fingerprint] == number:
                return index
            heapq.heappop(self._ranked)
        return None
