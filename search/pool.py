"""A place where candidates are scored, and the simplest: this process."""

from collections.abc import Callable, Sequence
from typing import Protocol

from dsl.bytecode import Bytecode
from search.job import Job
from search.job_queue import JobQueue
from search.outcome import Measurement


class Scorer(Protocol):
    """What scores candidates: `search.evaluate.Evaluator`, or a stand-in of a test."""

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        """What is seen of candidates, one of each."""
        ...


MakeScorer = Callable[[], Scorer]


class Pool(Protocol):
    """A place where candidates are scored: takes bytecode under a name, and gives back
    measurements, in any order."""

    def start(self, reference: Bytecode) -> Measurement:
        """Gets ready; returns what it saw of the reference program."""
        ...

    def submit(self, job: Job) -> None:
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

    def start(self, reference: Bytecode) -> Measurement:
        return self._scorer.evaluate([Job("reference", reference)])[0]

    def submit(self, job: Job) -> None:
        self._queue.put(job)

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        jobs = self._queue.take(only_full=not seconds)
        names = [job.name for job in jobs]
        return list(zip(names, self._scorer.evaluate(jobs), strict=True)) if jobs else []

    def close(self) -> None:
        self._queue.clear()
