"""The queue of jobs for a worker: batches, the urgent first, else first come, first served."""

from collections import deque

from lionhunt.search.evaluation.job import AnyJob, Job


class JobQueue:
    """A queue of batches; the jobs of a batch have one size, since they train side by side.

    Args:
        batch_size: the most jobs in a batch.
    """

    def __init__(self, batch_size: int = 1):
        self._batch_size = batch_size
        # A list is a batch already.
        self._waiting: deque[AnyJob | list[AnyJob]] = deque()

    def put(self, job: AnyJob) -> None:
        if isinstance(job, Job) and job.is_urgent:
            self._waiting.appendleft(job)
        else:
            self._waiting.append(job)

    def put_batch(self, jobs: list[AnyJob]) -> None:
        """Queue jobs to be scored together, without others."""
        self._waiting.append(jobs)

    def take(self, *, only_full: bool = False) -> list[AnyJob]:
        """Remove and return the next batch, or no jobs if there is none.

        Args:
            only_full: leave a batch that may still grow.
        """
        if not self._waiting:
            return []
        first = self._waiting[0]
        if isinstance(first, list):
            self._waiting.popleft()
            return first
        size = first.size
        batch, skipped = [], []
        for job in self._waiting:
            if len(batch) == self._batch_size:
                break
            fits = not isinstance(job, list) and job.size == size
            (batch if fits else skipped).append(job)
        if only_full and len(batch) < self._batch_size:
            return []
        for _ in range(len(batch) + len(skipped)):
            self._waiting.popleft()
        self._waiting.extendleft(reversed(skipped))
        return batch

    def clear(self) -> None:
        self._waiting.clear()
