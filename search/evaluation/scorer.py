"""The interface of a scorer, in whatever process it runs."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from lionhunt.search.evaluation.outcome import Measurement


class Scorer(Protocol):
    """A scorer of jobs of one kind, such as `search.evaluation.evaluator.Evaluator`."""

    def evaluate(self, jobs: Sequence[Any]) -> list[Measurement]:
        """Return one measurement for each job, in order."""
        ...


MakeScorer = Callable[[], Scorer]
