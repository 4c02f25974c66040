"""The pool of workers in processes of their own; its results are those of `LocalPool`.

Every worker first scores a reference, which compiles its tasks. Scores or losses that differ from
those of the first worker show different arithmetic, and stop the run.
"""

import dataclasses
import math
import time
from collections import Counter, deque
from collections.abc import Iterator

from lionhunt.search.errors import WorkerError
from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement, Status, first_difference
from lionhunt.search.log import log
from lionhunt.search.workers.host import (
    Host,
    HostedWorker,
    ShortOfMemory,
    WorkerDied,
    WorkerRaised,
)
from lionhunt.search.workers.job_queue import JobQueue
from lionhunt.search.workers.retry import (
    MAX_TRIES,
    Measurements,
    RetryPolicy,
    failure_from,
    is_environment_error,
)

MAX_JOBS = 100_000
"""Candidates of a worker before a new one replaces it, which ends any leak of memory."""
MAX_PAUSE = 5.0
"""The longest pause between two looks at the clock that counts in full, in seconds.

Time limits stand still while this process is stopped, or the machine asleep.
"""
LATE_SECONDS = 0.5
"""The time between two searches for workers past their time limit."""
MAX_FAILED_STARTS = 20
"""Workers in a row that may die as they start."""
START_SECONDS = 600.0
"""The time limit for a worker to start and compile its tasks, beside that of one candidate."""


@dataclasses.dataclass(eq=False)
class _Slot:
    """A place for one worker.

    Attributes:
        worker: the present one; a new one replaces it after a failure.
        started: the time at which it got its jobs, on the pool's clock.
        is_busy: True until it has answered.
        jobs: in the worker; none while it scores the reference.
        num_jobs: that the worker has scored.
    """

    worker: HostedWorker
    started: float = 0.0
    is_busy: bool = False
    jobs: list[AnyJob] = dataclasses.field(default_factory=list)
    num_jobs: int = 0


class WorkerPool:
    """A pool of workers, on this machine or on a cluster, each in a process of its own.

    A new worker replaces one that dies, raises or runs out of memory. `RetryPolicy` then queues the
    jobs again, after the others. The pool kills a worker past its time limit, since a timeout on
    the waiting side stops nothing. A batch has the time limit of one candidate.

    An error is a candidate's only after a new worker has scored the reference. If the reference
    raises too, the environment is at fault, and `wait` raises the error.

    Args:
        host: starts the workers.
        num_workers: the number of workers.
        candidate_seconds: the time limit of one candidate, or of a batch.
        batch_size: the most candidates that a worker gets at once.
    """

    def __init__(self, host: Host, num_workers: int, candidate_seconds: float, batch_size: int = 1):
        self._host = host
        self._num_workers = num_workers
        self._candidate_seconds = candidate_seconds
        self._queue = JobQueue(batch_size)
        self._retries = RetryPolicy(self._queue)
        # Jobs that raised, until a new worker has scored the reference.
        self._raised: list[tuple[list[AnyJob], Measurement]] = []
        self._slots: dict[HostedWorker, _Slot] = {}
        self._idle: deque[_Slot] = deque()
        self._now, self._last_look, self._last_late = 0.0, time.monotonic(), 0.0
        # Failures in a row, by how they failed.
        self._failed_starts: Counter[Status] = Counter()
        self._reference: Measurement | None = None
        self._error: Exception | None = None

    def start(self, reference: AnyJob) -> Measurement:
        self._reference_jobs = [reference]
        # On a cluster, a worker may have to wait for others; the first shows that all is well.
        num_first = 1 if self._host.is_shared else self._num_workers
        self._start_workers(num_first)
        while self._reference is None:
            self.wait(1.0)
        self._start_workers(self._num_workers - num_first)
        return self._reference

    def submit(self, job: AnyJob) -> None:
        self._queue.put(job)

    def wait(self, seconds: float) -> Measurements:
        if self._error is not None:
            raise self._error
        self._host.check()
        self._look_at_clock()
        self._dispatch(only_full=not seconds)
        measured: Measurements = []
        try:
            for slot in self._answered(seconds):
                measured += self._collect(slot)
            self._look_at_clock()
            for slot in self._late():
                measured += self._replace(slot, Status.TIMED_OUT, "not ready in time")
        except Exception as error:
            if not measured:
                raise
            # The next call raises the error: the measurements come first.
            self._error = error
            return measured
        # The measurements let children be born: a batch that is not full may wait for them.
        self._dispatch(only_full=True)
        return measured

    def close(self) -> None:
        self._host.close()

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        self._now += min(now - self._last_look, MAX_PAUSE)
        self._last_look = now

    def _start_workers(self, count: int) -> None:
        for _ in range(count):
            self._begin(_Slot(self._host.start_worker()))

    def _begin(self, slot: _Slot) -> None:
        """Let the new worker of a slot score the reference."""
        self._slots[slot.worker] = slot
        self._ask(slot, [])

    def _ask(self, slot: _Slot, jobs: list[AnyJob]) -> None:
        """Send jobs, or the reference, to the worker of a slot."""
        slot.jobs, slot.started, slot.is_busy = jobs, self._now, True
        slot.worker.ask(jobs or self._reference_jobs)

    def _answered(self, seconds: float) -> Iterator[_Slot]:
        """Yield the slots whose workers are done, or dead; wait for the first."""
        if len(self._idle) < len(self._slots):
            yield from map(self._slots.__getitem__, self._host.wait(seconds))

    def _late(self) -> list[_Slot]:
        """Return the slots past their time limit; look at most once in `LATE_SECONDS`."""
        if self._now - self._last_late < LATE_SECONDS:
            return []
        self._last_late = self._now
        slots = self._slots.values()
        return [slot for slot in slots if self._now - slot.started > self._limit(slot)]

    def _limit(self, slot: _Slot) -> float:
        """Return the time limit of a slot's present work."""
        if not slot.is_busy:
            return math.inf
        if slot.jobs:
            return self._candidate_seconds
        if self._host.is_shared and self._reference is not None:
            # The worker may wait for a machine, while others work.
            return math.inf
        return START_SECONDS + self._candidate_seconds

    def _dispatch(self, *, only_full: bool = False) -> None:
        while self._idle and (jobs := self._queue.take(only_full=only_full)):
            self._ask(self._idle.popleft(), jobs)

    def _collect(self, slot: _Slot) -> Measurements:
        jobs = slot.jobs
        if not slot.is_busy:
            # It died without work.
            self._idle.remove(slot)
            self._restart(slot, Status.CRASHED.value)
            return []
        try:
            measurements = slot.worker.answer()
        except WorkerDied as error:
            return self._replace(slot, Status.CRASHED, str(error))
        except ShortOfMemory as error:
            return self._replace(slot, Status.OUT_OF_MEMORY, str(error))
        except WorkerRaised as raised:
            error = raised.error
            if isinstance(error, MemoryError):
                return self._replace(slot, Status.OUT_OF_MEMORY, str(error))
            if not jobs or is_environment_error(error):
                raise error from raised
            failure = failure_from(error, self._now - slot.started)
            self._restart(slot, Status.RAISED.value, error=failure.error)
            self._raised.append((jobs, failure))
            return []
        is_short = any(map(_ran_out_of_memory, measurements))
        if not jobs:
            # The first worker had enough memory, so this machine is short of it for now.
            if is_short and self._reference is not None:
                return self._replace(slot, Status.OUT_OF_MEMORY, "no memory to score the reference")
            self._check(*measurements)
        slot.num_jobs += len(jobs)
        if jobs and is_short:
            self._restart(slot, Status.OUT_OF_MEMORY.value)
        elif jobs and slot.num_jobs >= MAX_JOBS:
            self._restart(slot, "renewed")
        else:
            slot.jobs, slot.is_busy = [], False
            self._idle.append(slot)
        if not jobs:
            return self._retry_raised()
        resolved = []
        for job, measurement in zip(jobs, measurements, strict=True):
            if _ran_out_of_memory(measurement):
                resolved += self._retries.retry([job], measurement)
            else:
                resolved += self._retries.resolve(job, measurement)
        return resolved

    def _retry_raised(self) -> Measurements:
        """Retry the jobs that raised: a new worker has scored the reference, so they are at fault.

        Any new worker will do. On a cluster, the replacement of the worker that raised may have to
        wait for a machine.
        """
        raised, self._raised = self._raised, []
        return [resolved for failed in raised for resolved in self._retries.retry(*failed)]

    def _check(self, measurement: Measurement) -> None:
        """Compare a new worker's measurement of the reference with the first worker's."""
        self._failed_starts.clear()
        if self._reference is None:
            self._reference = measurement
        elif (difference := first_difference(self._reference, measurement)) is not None:
            raise WorkerError(
                f"two workers score one program differently (it {difference.verb} "
                f"{difference.recorded} and {difference.current}); use machines of one kind"
            )

    def _replace(self, slot: _Slot, status: Status, cause: str) -> Measurements:
        """Start a new worker for one that failed, and retry its jobs."""
        jobs, seconds = slot.jobs, self._now - slot.started
        if not jobs:
            self._failed_starts[status] += 1
            num_late = self._failed_starts[Status.TIMED_OUT]
            if self._reference is None and num_late >= MAX_TRIES[Status.TIMED_OUT]:
                raise self._too_slow(self._limit(slot))
            # A machine that fails takes many workers with it.
            if self._failed_starts.total() >= max(MAX_FAILED_STARTS, self._num_workers):
                raise self._cannot_start(cause)
        self._restart(slot, status.value)
        return self._retries.retry(jobs, Measurement(status, seconds=seconds))

    def _too_slow(self, seconds: float) -> WorkerError:
        core = "is a core of the cluster free? " if self._host.is_shared else ""
        return WorkerError(
            f"the initial program was not scored in {seconds:.0f} s, twice; {core}If it needs more "
            "time, raise evaluation.candidate_seconds (training_seconds of a comparison); "
            "--workers 0 shows where it hangs"
        )

    def _cannot_start(self, cause: str) -> WorkerError:
        last = (cause.strip().splitlines() or [""])[-1].strip()
        question = "is there memory for them?"
        if self._host.is_shared:
            question = f"is lionhunt on every node, is a core free, {question}"
        return WorkerError(
            f"workers die as they start ({last}); {question} Try fewer, or --workers 0, which "
            "shows the error"
        )

    def _restart(self, slot: _Slot, reason: str, **fields: str) -> None:
        log("worker_replaced", reason=reason, candidates=[job.name for job in slot.jobs], **fields)
        del self._slots[slot.worker]
        slot.worker.kill()
        slot.worker, slot.num_jobs = self._host.start_worker(), 0
        self._begin(slot)


def _ran_out_of_memory(measurement: Measurement) -> bool:
    return measurement.status is Status.OUT_OF_MEMORY
