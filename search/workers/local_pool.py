"""The simplest pool: it scores in this process."""

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
    """A pool that scores in this process, one batch in each call of `wait`.

    The outcome of a candidate that raises is that of `search.workers.worker_pool.WorkerPool`.

    Args:
        make_scorer: called once.
        batch_size: the most candidates that the scorer gets at once.
    """

    def __init__(self, make_scorer: MakeScorer, batch_size: int = 1):
        self._scorer = make_scorer()
        self._queue = JobQueue(batch_size)
        self._retries = RetryPolicy(self._queue)
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
            failure = failure_from(error, time.perf_counter() - start)
            # If the reference raises too, the environment is at fault, and the run ends.
            self._scorer.evaluate(self._reference)
            return self._retries.retry(jobs, failure)
        pairs = zip(jobs, measurements, strict=True)
        return [resolved for pair in pairs for resolved in self._retries.resolve(*pair)]

    def close(self) -> None:
        self._queue.clear()
