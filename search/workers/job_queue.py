"""Jobs that wait for a worker, first come, first served, in batches."""

from collections import deque

from lionhunt.search.evaluation.job import AnyJob


class JobQueue:
    """Gives out batches of jobs of one size: only those train side by side.

    Args:
        batch_size: the most jobs of a batch.
    """

    def __init__(self, batch_size: int = 1):
        self._batch_size = batch_size
        self._waiting: deque[AnyJob | list[AnyJob]] = deque()  # a list is a batch already

    def put(self, job: AnyJob) -> None:
        self._waiting.append(job)

    def put_batch(self, jobs: list[AnyJob]) -> None:
        """Queues jobs that are to be scored without others."""
        self._waiting.append(jobs)

    def take(self, *, only_full: bool = False) -> list[AnyJob]:
        """Removes the next batch.

        Args:
            only_full: leave it if it may still grow.
        """
        if not self._waiting:
            return []
        first = self._waiting[0]
        if isinstance(first, list):
            self._waiting.popleft()
            return first
        size = first.size
        batch, others = [], []
        for job in self._waiting:
            if len(batch) == self._batch_size:
                break
            fits = not isinstance(job, list) and job.size == size
            (batch if fits else others).append(job)
        if only_full and len(batch) < self._batch_size:
            return []
        for _ in range(len(batch) + len(others)):
            self._waiting.popleft()
        self._waiting.extendleft(reversed(others))
        return batch

    def clear(self) -> None:
        self._waiting.clear()
