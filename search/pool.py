"""A place where candidates are scored, and the simplest: this process."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from search.job import AnyJob
from search.job_queue import JobQueue
from search.outcome import Measurement


class Scorer(Protocol):
    """What scores jobs of one kind, as `search.evaluate.Evaluator`, or a stand-in of a test."""

    def evaluate(self, jobs: Sequence[Any]) -> list[Measurement]:
        """What is seen of jobs, one of each."""
        ...


MakeScorer = Callable[[], Scorer]


class Pool(Protocol):
    """A place where candidates are scored: takes jobs, and gives back measurements under their
    names, in any order."""

    def start(self, reference: AnyJob) -> Measurement:
        """Gets ready; returns what it saw of the reference."""
        ...

    def submit(self, job: AnyJob) -> None:
        """Queues a candidate."""
        ...

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        """What has been measured since; waits for the first, up to `seconds`.

        With 0 seconds, no batch is begun that may still grow.
        """
        ...

    def close(self) -> None:
        """Stops all work."""
        ...


class LocalPool:
    """Scores in this process, one batch a call of `wait`.

    Args:
        make_scorer: called once.
        batch_size: candidates that the scorer is given at once.
    """

    def __init__(self, make_scorer: MakeScorer, batch_size: int = 1):
        self._scorer = make_scorer()
        self._queue = JobQueue(batch_size)

    def start(self, reference: AnyJob) -> Measurement:
        return self._scorer.evaluate([reference])[0]

    def submit(self, job: AnyJob) -> None:
        self._queue.put(job)

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        jobs = self._queue.take(only_full=not seconds)
        names = [job.name for job in jobs]
        return list(zip(names, self._scorer.evaluate(jobs), strict=True)) if jobs else []

    def close(self) -> None:
        self._queue.clear()
