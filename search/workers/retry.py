"""Which candidate it was that a worker failed with: each is tried again, apart from others."""

from collections import Counter

from lionhunt.proxy_tasks import TaskError
from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.search.errors import ScorerError, WorkerError
from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.workers.job_queue import JobQueue

MAX_TRIES = {
    Status.CRASHED: 4,
    Status.OUT_OF_MEMORY: 4,
    Status.TIMED_OUT: 2,
    Status.RAISED: 4,
}
"""Workers that may fail with a candidate, by how they do, before that is its outcome. Two would
tell a candidate that always kills; the others are for workers that someone else kills, stops, or
takes the memory of: they must change no history. A hang costs too much time for more. A candidate
that raises has the reference scored in between, which tells of what is out of order for all, but
not of an accelerator that is short of memory now and then."""

OF_PLACE = (OSError, DataError, TaskError, WorkerError, ScorerError)
"""Errors that tell of files, tasks, machines and this program, never of one candidate."""

Measurements = list[tuple[str, Measurement]]


class RetryPolicy:
    """Has candidates of failed workers tried again, each alone in the end, up to `MAX_TRIES`.

    Args:
        queue: where they wait for the next try.
    """

    def __init__(self, queue: JobQueue):
        self._queue = queue
        self._num_failed: Counter[tuple[str, Status]] = Counter()

    def retry(self, jobs: list[AnyJob], failure: Measurement) -> Measurements:
        """What stopped a worker is the outcome of one candidate, once it was tried often enough; of
        a batch, the halves go on."""
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
        """A candidate has its measurement, and its failures are forgotten."""
        for reason in MAX_TRIES:
            self._num_failed.pop((job.name, reason), None)
        return [(job.name, measurement)]


def is_environment_error(error: BaseException | None) -> bool:
    """Whether no other try, and no other candidate, would fare better."""
    return isinstance(error, OF_PLACE)


def failure_from(error: BaseException, seconds: float) -> Measurement:
    """What is seen of a candidate that raises."""
    first = (str(error).strip().splitlines() or [""])[0]
    return Measurement(Status.RAISED, seconds=seconds, error=f"{type(error).__name__}: {first}")
