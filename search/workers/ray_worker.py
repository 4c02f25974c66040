"""What runs in the process of a Ray actor; it imports little, since each starts with that."""

import sys
from collections.abc import Sequence

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import MakeScorer, Scorer


class Worker:
    """What runs in an actor's process."""

    def __init__(self, make_scorer: MakeScorer, memory_gib: float | None):
        limit_memory(memory_gib)
        self._make_scorer = make_scorer
        self._scorer: Scorer | None = None

    def evaluate(self, jobs: Sequence[AnyJob]) -> list[Measurement]:
        if self._scorer is None:  # not when the actor starts: there Ray would hide an error
            self._scorer = self._make_scorer()
        return self._scorer.evaluate(jobs)


def limit_memory(gib: float | None) -> None:
    """Has allocations of this process fail beyond so many GiB (Linux; elsewhere, nothing)."""
    if gib is not None and sys.platform == "linux":
        import resource

        # Of private memory that can be written; addresses are reserved far beyond what is used.
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (round(gib * 2**30), most))
