"""Retry policy: bisect a failed batch, then retry the single candidate up to `MAX_TRIES`."""

from collections import Counter

from lionhunt.proxy_tasks import TaskError
from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.search.errors import ScorerError, WorkerError, first_line
from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.workers.job_queue import JobQueue

MAX_TRIES = {
    Status.CRASHED: 4,
    Status.OUT_OF_MEMORY: 4,
    Status.TIMED_OUT: 2,
    Status.RAISED: 4,
}
"""For each failure, the number of workers that may fail with a candidate before it is the outcome.

Two would find a candidate that always kills its worker. The others are for workers that some other
program kills, stops or deprives of memory: these must change no history. A hang costs too much time
for more. After a candidate raises, the reference is scored, which reveals faults of the environment
that last. It does not reveal an accelerator that is short of memory now and then.
"""

ENVIRONMENT_ERRORS = (OSError, DataError, TaskError, WorkerError, ScorerError)
"""Errors of files, tasks, machines and this program, never of one candidate."""

Measurements = list[tuple[str, Measurement]]


class RetryPolicy:
    """The failures of candidates so far, and the decision to retry them.

    Args:
        queue: the queue of the next tries.
    """

    def __init__(self, queue: JobQueue):
        self._queue = queue
        self._num_failed: Counter[tuple[str, Status]] = Counter()

    def retry(self, jobs: list[AnyJob], failure: Measurement) -> Measurements:
        """Queue the halves of a failed batch, or its only job until `MAX_TRIES`.

        Returns:
            The failure as the measurement of a single job after its last try; else nothing.
        """
        if len(jobs) == 1:
            (job,) = jobs
            self._num_failed[job.name, failure.status] += 1
            if self._num_failed[job.name, failure.status] >= MAX_TRIES[failure.status]:
                return self.resolve(job, failure)
            self._queue.put_batch(jobs)
            return []
        half = len(jobs) // 2
        for part in (jobs[:half], jobs[half:]):
            if part:
                self._queue.put_batch(part)
        return []

    def resolve(self, job: AnyJob, measurement: Measurement) -> Measurements:
        """Return the measurement of a job by its name, and forget its failures."""
        for status in MAX_TRIES:
            self._num_failed.pop((job.name, status), None)
        return [(job.name, measurement)]


def is_environment_error(error: BaseException | None) -> bool:
    """Return whether every try of every candidate would raise the error."""
    return isinstance(error, ENVIRONMENT_ERRORS)


def failure_from(error: BaseException, seconds: float) -> Measurement:
    """Return the measurement of a candidate that raises."""
    kind, line = type(error).__name__, first_line(error)
    text = kind if line == kind else f"{kind}: {line}"
    return Measurement(Status.RAISED, seconds=seconds, error=text)
