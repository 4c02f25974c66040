"""The interface of a host: it starts workers, each in a process of its own."""

from collections.abc import Iterator, Sequence
from typing import Protocol

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement


class WorkerDied(Exception):
    """A worker that has ended; the message says why, as far as known."""


class ShortOfMemory(Exception):
    """A worker that its machine ended for want of memory."""


class WorkerRaised(Exception):
    """An error that the scorer of a worker raised.

    Attributes:
        error: the error.
    """

    def __init__(self, error: BaseException):
        super().__init__(str(error))
        self.error = error


class HostedWorker(Protocol):
    """A worker, as the driver sees it."""

    def ask(self, jobs: Sequence[AnyJob]) -> None:
        """Send jobs to the worker; it has answered all others."""
        ...

    def answer(self) -> list[Measurement]:
        """Return the measurements of the jobs, once `Host.wait` has yielded the worker.

        Raises:
            WorkerDied, ShortOfMemory, WorkerRaised: there are none.
        """
        ...

    def kill(self) -> None:
        """End the worker, whatever it does."""
        ...


class Host(Protocol):
    """A place for workers: this machine, or a cluster.

    Attributes:
        is_shared: True if a new worker may have to wait until others leave it a core.
    """

    is_shared: bool

    def start_worker(self) -> HostedWorker:
        """Start a worker; this does not wait until it is ready."""
        ...

    def wait(self, seconds: float) -> Iterator[HostedWorker]:
        """Yield the workers that have answered or died; wait up to `seconds` for the first."""
        ...

    def check(self) -> None:
        """Raise `WorkerError` if the host itself has gone."""
        ...

    def close(self) -> None:
        """End all workers."""
        ...
