"""A place where candidates are scored, and the simplest: this process."""

import time

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import MakeScorer
from lionhunt.search.workers.job_queue import JobQueue
from lionhunt.search.workers.retry import (
    Measurements,
    RetryPolicy,
    failure_from,
    is_environment_error,
)


class LocalPool:
    """Scores in this process, one batch a call of `wait`.

    What comes of a candidate that raises is what comes of it in `search.workers.ray_pool.RayPool`.

    Args:
        make_scorer: called once.
        batch_size: candidates that the scorer is given at once.
    """

    def __init__(self, make_scorer: MakeScorer, batch_size: int = 1):
        self._scorer = make_scorer()
        self._queue = JobQueue(batch_size)
        self._blame = RetryPolicy(self._queue)
        self._reference: list[AnyJob] = []

    def start(self, reference: AnyJob) -> Measurement:
        self._reference = [reference]
        return self._scorer.evaluate(self._reference)[0]

    def submit(self, job: AnyJob) -> None:
        self._queue.put(job)

    def wait(self, seconds: float) -> Measurements:
        jobs = self._queue.take(only_full=not seconds)
        start = time.perf_counter()
        try:
            measurements = self._scorer.evaluate(jobs) if jobs else []
        except Exception as error:
            if isinstance(error, MemoryError) or is_environment_error(error):
                raise
            suspicion = failure_from(error, time.perf_counter() - start)
            self._scorer.evaluate(self._reference)  # which ends the run, if it raises too
            return self._blame.retry(jobs, suspicion)
        found = zip(jobs, measurements, strict=True)
        return [done for job, seen in found for done in self._blame.resolve(job, seen)]

    def close(self) -> None:
        self._queue.clear()
