"""TODO docstring."""

from typing import Protocol

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.workers.retry import Measurements


class Pool(Protocol):
    """A place where candidates are scored: takes jobs, and gives back measurements under their
    names, in any order."""

    def start(self, reference: AnyJob) -> Measurement:
        """Gets ready; returns what it saw of the reference."""
        ...

    def submit(self, job: AnyJob) -> None:
        """Queues a candidate."""
        ...

    def wait(self, seconds: float) -> Measurements:
        """What has been measured since; waits for the first, up to `seconds`.

        With 0 seconds, no batch is begun that may still grow.
        """
        ...

    def close(self) -> None:
        """Stops all work."""
        ...
