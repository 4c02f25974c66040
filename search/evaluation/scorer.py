"""What scores candidates, wherever that is."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from lionhunt.search.evaluation.outcome import Measurement


class Scorer(Protocol):
    """What scores jobs of one kind, as `search.evaluation.evaluator.Evaluator`, or a stand-in of a test."""

    def evaluate(self, jobs: Sequence[Any]) -> list[Measurement]:
        """What is seen of jobs, one of each."""
        ...


MakeScorer = Callable[[], Scorer]
