"""Ray actors that score candidates; the result is that of `search.workers.local_pool.LocalPool`.

Every worker first scores a reference, which compiles its tasks; scores or losses that differ from
those of the first worker show one whose arithmetic differs, and stop the run.
"""

import dataclasses
import math
import queue
import time
from collections import Counter, deque
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

from lionhunt.search.errors import WorkerError
from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement, Status, first_difference
from lionhunt.search.evaluation.scorer import MakeScorer
from lionhunt.search.log import log
from lionhunt.search.workers.job_queue import JobQueue
from lionhunt.search.workers.ray_cluster import LOCAL, connect
from lionhunt.search.workers.ray_head import RayHead
from lionhunt.search.workers.ray_worker import Worker
from lionhunt.search.workers.retry import (
    MAX_TRIES,
    Measurements,
    RetryPolicy,
    failure_from,
    is_environment_error,
)

MAX_JOBS = 100_000
"""Candidates of a worker; then a new one takes its place, whatever has been leaking."""
MAX_PAUSE = 5.0
"""Wall clock between two looks at the workers, at most, that is counted: while this process is
stopped, or the machine asleep, nobody's time runs."""
LATE_SECONDS = 0.5
"""Time between two looks for workers that are past their time."""
MAX_FAILED_STARTS = 20
"""Workers that may die in a row as they start."""
START_SECONDS = 600.0
"""Wall clock for a worker to start and compile its tasks, beside that of one candidate."""


@dataclasses.dataclass
class _Slot:
    """One actor and what it is doing; without jobs it scores the reference program."""

    actor: Any
    started: float = 0.0
    answer: Any = None  # that is waited for; None while it is idle
    jobs: list[AnyJob] = dataclasses.field(default_factory=list)
    num_jobs: int = 0


class RayPool:
    """Scores by Ray actors, on this machine or on a cluster, each in a process of its own.

    An actor that dies, raises or runs out of memory is replaced and its candidate tried again after
    the others, up to `MAX_TRIES`; an actor whose candidate is past its time is killed, since a
    timeout on the waiting side stops nothing. Of a batch, each half is tried again by itself, and
    so on, down to the candidate that it was; a batch is given the time of one candidate.

    What raises is blamed on a candidate once a new actor has scored the reference. If that raises
    too, the fault is not the candidate's, and `wait` raises it.

    The accelerators of the machine, or of all, are shared out evenly.

    Args:
        make_scorer: called in each actor.
        num_workers: actors.
        candidate_seconds: wall clock for one candidate, or for a batch.
        batch_size: candidates that an actor is given at once, if there are as many.
        memory_gib: what an actor may take of the machine's memory; None for no limit.
        ray_address: see `search.workers.ray_cluster.connect`.
    """

    def __init__(
        self,
        make_scorer: MakeScorer,
        num_workers: int,
        candidate_seconds: float,
        batch_size: int = 1,
        memory_gib: float | None = None,
        ray_address: str = LOCAL,
    ):
        self._ray = ray = connect(ray_address, num_workers)
        self._is_cluster = ray_address != LOCAL
        self._head = RayHead(ray, is_ours=not self._is_cluster)
        # Not by `ray.put`: when Ray goes away, it ends a process that has something there.
        self._worker_arguments = (make_scorer, memory_gib)
        gpus = gpu_share(int(ray.cluster_resources().get("GPU", 0)), num_workers)
        as_actor: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)
        self._actor_class: Any = as_actor(Worker)
        self._num_workers = num_workers
        self._candidate_seconds = candidate_seconds
        self._queue = JobQueue(batch_size)
        self._blame = RetryPolicy(self._queue)
        self._suspicions: list[tuple[list[AnyJob], Measurement]] = []  # of what raised
        self._slots: list[_Slot] = []
        self._idle: deque[_Slot] = deque()
        self._answers: queue.SimpleQueue[tuple[_Slot, Any]] = queue.SimpleQueue()
        self._now, self._last_look, self._last_late = 0.0, time.monotonic(), 0.0
        self._failed_starts: Counter[Status] = Counter()  # in a row
        self._reference: Measurement | None = None
        self._error: Exception | None = None

    def start(self, reference: AnyJob) -> Measurement:
        self._reference_jobs = [reference]
        # The first compiles on all cores; the others, which join later, find what it compiled.
        self._slots = [self._start_worker()]
        while self._reference is None:
            self.wait(1.0)
        self._slots += [self._start_worker() for _ in range(1, self._num_workers)]
        return self._reference

    def submit(self, job: AnyJob) -> None:
        self._queue.put(job)

    def wait(self, seconds: float) -> Measurements:
        if self._error is not None:
            raise self._error
        self._head.check()
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
            self._error = error  # told by the next call: what was measured comes first
            return measured
        # What was measured lets children be born: a batch that is not full may wait for them.
        self._dispatch(only_full=True)
        return measured

    def close(self) -> None:
        self._head.close()

    def _look_at_clock(self) -> None:
        now = time.monotonic()
        self._now += min(now - self._last_look, MAX_PAUSE)
        self._last_look = now

    def _start_worker(self) -> _Slot:
        slot = _Slot(self._actor_class.remote(*self._worker_arguments))
        self._ask(slot, [])
        return slot

    def _ask(self, slot: _Slot, jobs: list[AnyJob]) -> None:
        """Sends jobs, or the reference, to a slot's actor."""
        answer = slot.actor.evaluate.remote(jobs or self._reference_jobs)
        slot.jobs, slot.started, slot.answer = jobs, self._now, answer
        # Ray tells of each answer: to ask for all those of thousands of workers takes it 30 ms.
        answer.future().add_done_callback(lambda _: self._answers.put((slot, answer)))

    def _answered(self, seconds: float) -> Iterator[_Slot]:
        """The slots whose actors are done, or dead; waits for the first."""
        if len(self._idle) == len(self._slots):
            return
        with suppress(queue.Empty):
            while True:
                slot, answer = self._answers.get(timeout=seconds)
                if slot.answer is answer:  # else it is that of an actor that was replaced
                    seconds = 0.0
                    yield slot

    def _late(self) -> list[_Slot]:
        """The slots whose actors are past their time; looks now and then."""
        if self._now - self._last_late < LATE_SECONDS:
            return []
        self._last_late = self._now
        return [slot for slot in self._slots if self._now - slot.started > self._limit(slot)]

    def _limit(self, slot: _Slot) -> float:
        """Wall clock that a worker has for what it is doing."""
        if slot.answer is None:
            return math.inf
        if slot.jobs:
            return self._candidate_seconds
        if self._is_cluster and self._reference is not None:
            return math.inf  # it may wait for a machine, while others work
        return START_SECONDS + self._candidate_seconds

    def _dispatch(self, *, only_full: bool = False) -> None:
        while self._idle and (jobs := self._queue.take(only_full=only_full)):
            self._ask(self._idle.popleft(), jobs)

    def _collect(self, slot: _Slot) -> Measurements:
        jobs = slot.jobs
        try:
            measurements = self._ray.get(slot.answer)
        except self._ray.exceptions.RayActorError as error:
            return self._replace(slot, Status.CRASHED, str(error))
        except self._ray.exceptions.OutOfMemoryError as error:  # of the machine, as Ray sees it
            return self._replace(slot, Status.OUT_OF_MEMORY, str(error))
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MemoryError):
                return self._replace(slot, Status.OUT_OF_MEMORY, str(error))
            if not jobs or is_environment_error(error.cause):
                raise error.cause from error
            suspicion = failure_from(error.cause, self._now - slot.started)
            self._restart(slot, Status.RAISED.value, error=suspicion.error)
            self._suspicions.append((jobs, suspicion))
            return []
        is_short = any(map(_ran_out_of_memory, measurements))
        if not jobs:
            if is_short and self._reference is not None:  # the first one had enough
                return self._replace(slot, Status.OUT_OF_MEMORY, "no memory to score the reference")
            self._check(*measurements)
        slot.num_jobs += len(jobs)
        if jobs and is_short:
            self._restart(slot, Status.OUT_OF_MEMORY.value)
        elif jobs and slot.num_jobs >= MAX_JOBS:
            self._restart(slot, "renewed")
        else:
            slot.jobs, slot.answer = [], None
            self._idle.append(slot)
        if not jobs:
            return self._judge()
        measured = []
        for job, found in zip(jobs, measurements, strict=True):
            is_failed = _ran_out_of_memory(found)
            measured += (
                self._blame.retry([job], found) if is_failed else self._blame.resolve(job, found)
            )
        return measured

    def _judge(self) -> Measurements:
        """A new actor has scored the reference: what raised before was no fault of the place.

        It need not be the one that took the place of what raised, which on a cluster may have to
        wait for a machine.
        """
        suspicions, self._suspicions = self._suspicions, []
        return [found for each in suspicions for found in self._blame.retry(*each)]

    def _check(self, measurement: Measurement) -> None:
        """Compares what a new worker saw of the reference program with what the first one saw."""
        self._failed_starts.clear()
        if self._reference is None:
            self._reference = measurement
        elif (found := first_difference(self._reference, measurement)) is not None:
            raise WorkerError(
                f"two workers score one program differently (it {found.verb} {found.there} and "
                f"{found.here}); use machines of one kind"
            )

    def _replace(self, slot: _Slot, reason: Status, cause: str) -> Measurements:
        """The slot's actor failed: a new one takes its place, and its candidate is tried again."""
        jobs, seconds = slot.jobs, self._now - slot.started
        if not jobs:
            self._failed_starts[reason] += 1
            num_late = self._failed_starts[Status.TIMED_OUT]
            if self._reference is None and num_late >= MAX_TRIES[Status.TIMED_OUT]:
                raise self._too_slow(self._limit(slot))
            # A machine that goes takes many workers along.
            if self._failed_starts.total() >= max(MAX_FAILED_STARTS, self._num_workers):
                raise self._cannot_start(cause)
        self._restart(slot, reason.value)
        return self._blame.retry(jobs, Measurement(reason, seconds=seconds))

    def _too_slow(self, seconds: float) -> WorkerError:
        core = "is a core of the cluster free? " if self._is_cluster else ""
        return WorkerError(
            f"the initial program was not scored in {seconds:.0f} s, twice; {core}If it needs more "
            "time, raise evaluation.candidate_seconds (training_seconds of a comparison); "
            "--workers 0 shows where it hangs"
        )

    def _cannot_start(self, cause: str) -> WorkerError:
        last = (cause.strip().splitlines() or [""])[-1].strip()
        asked = "is there memory for them?"
        if self._is_cluster:
            asked = f"is lionhunt on every node, is a core free, {asked}"
        return WorkerError(
            f"workers die as they start ({last}); {asked} Try fewer, or --workers 0, which shows "
            "the error"
        )

    def _restart(self, slot: _Slot, reason: str, **told: str) -> None:
        log("worker_replaced", reason=reason, candidates=[job.name for job in slot.jobs], **told)
        self._ray.kill(slot.actor)  # it may only be out of reach
        slot.actor, slot.num_jobs = self._actor_class.remote(*self._worker_arguments), 0
        self._ask(slot, [])


def gpu_share(num_gpus: int, num_workers: int) -> float:
    """How much of an accelerator each worker gets; as many fit on one as on any other."""
    if not num_gpus:
        return 0.0
    per_gpu = math.ceil(num_workers / num_gpus)
    return math.floor(10_000 / per_gpu) / 10_000  # Ray counts in ten-thousandths, and rounds


def _ran_out_of_memory(measurement: Measurement) -> bool:
    return measurement.status is Status.OUT_OF_MEMORY
