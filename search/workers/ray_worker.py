"""The Ray actor that scores; it imports little, since every worker process imports it first."""

import sys
from collections.abc import Sequence

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import MakeScorer, Scorer
from lionhunt.search.workers.xla_environment import set_xla_environment


class Worker:
    """An actor that makes one scorer, and scores with it."""

    def __init__(self, make_scorer: MakeScorer, memory_gib: float | None):
        set_xla_environment()
        limit_memory(memory_gib)
        self._make_scorer = make_scorer
        self._scorer: Scorer | None = None

    def evaluate(self, jobs: Sequence[AnyJob]) -> list[Measurement]:
        # The scorer is not made in `__init__`, where Ray would hide an error.
        if self._scorer is None:
            self._scorer = self._make_scorer()
        return self._scorer.evaluate(jobs)


def limit_memory(gib: float | None) -> None:
    """Limit this process to `gib` GiB of data memory (Linux only)."""
    if gib is not None and sys.platform == "linux":
        import resource

        # Data is private writable memory; JAX reserves far more addresses than it uses.
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (round(gib * 2**30), most))
