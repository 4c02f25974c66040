"""The interface of a scorer, in whatever process it runs."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol, runtime_checkable

from lionhunt.search.evaluation.compilation import Compilation
from lionhunt.search.evaluation.outcome import Measurement


class Scorer(Protocol):
    """A scorer of jobs of one kind, such as `search.evaluation.evaluator.Evaluator`."""

    def evaluate(self, jobs: Sequence[Any]) -> list[Measurement]:
        """Return one measurement for each job, in order."""
        ...


@runtime_checkable
class CompilingScorer(Protocol):
    """A scorer that knows what it will compile."""

    def compilations(self, job: Any) -> list[Compilation]:
        """Return what scoring a job compiles, the longest first."""
        ...


MakeScorer = Callable[[], Scorer]
