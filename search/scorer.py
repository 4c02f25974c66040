"""What scores candidates, wherever that is."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from search.outcome import Measurement


class ScorerError(Exception):
    """A job that the scorer was not made for: a bug of whoever made it."""


class Scorer(Protocol):
    """What scores jobs of one kind, as `search.evaluate.Evaluator`, or a stand-in of a test."""

    def evaluate(self, jobs: Sequence[Any]) -> list[Measurement]:
        """What is seen of jobs, one of each."""
        ...


MakeScorer = Callable[[], Scorer]
