"""The interface of a pool of workers, and the measurement of a single job."""

from typing import Protocol

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.workers.retry import Measurements

DISPATCH_SECONDS = 0.001
"""Processor time of the driver for an evaluation by a Ray worker; measured on quickstarts."""


class Pool(Protocol):
    """A pool that scores jobs, and returns their measurements by name, in any order."""

    def start(self, reference: AnyJob) -> Measurement:
        """Start the workers, and return the measurement of the reference."""
        ...

    def submit(self, job: AnyJob) -> None:
        """Queue a job."""
        ...

    def wait(self, seconds: float) -> Measurements:
        """Return all new measurements; wait up to `seconds` for the first.

        With 0 seconds, the pool begins no batch that may still grow.
        """
        ...

    def close(self) -> None:
        """Stop all work."""
        ...


def measure_once(pool: Pool, job: AnyJob) -> Measurement:
    """Submit one job to an idle pool, and wait for its measurement."""
    pool.submit(job)
    while not (measured := pool.wait(1.0)):
        pass
    ((_, measurement),) = measured
    return measurement
