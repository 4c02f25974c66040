"""Ray actors that score candidates; the result is that of `search.pool.LocalPool`.

Every worker first scores a reference, which compiles its tasks; scores that differ from those of
the first worker show one whose arithmetic differs, and stop the run.
"""

import dataclasses
import logging
import math
import os
import signal
import sys
import time
import warnings
from collections import Counter
from collections.abc import Sequence
from typing import Any

from search.job import AnyJob
from search.job_queue import JobQueue
from search.outcome import Measurement, Reason
from search.pool import MakeScorer, Scorer
from search.ray_head import RayHead, WorkerError

MAX_TRIES = {Reason.CRASHED: 4, Reason.OUT_OF_MEMORY: 4, Reason.TIMED_OUT: 2}
"""Workers that may fail with a candidate, by how they do, before that is its outcome. Two would
tell a candidate that always kills; the others are for workers that someone else kills, stops, or
takes the memory of: they must change no history. A hang costs too much time for more."""
MAX_JOBS = 100_000
"""Candidates of a worker; then a new one takes its place, whatever has been leaking."""
MAX_PAUSE = 5.0
"""Wall clock between two looks at the workers, at most, that is counted: while this process is
stopped, or the machine asleep, nobody's time runs."""
MAX_FAILED_STARTS = 20
"""Workers that may die in a row as they start."""
START_SECONDS = 600.0
"""Wall clock for a worker to start and compile its tasks, beside that of one candidate."""


class _Worker:
    """What runs in an actor's process."""

    def __init__(self, make_scorer: MakeScorer, memory_gib: float | None):
        limit_memory(memory_gib)
        self._make_scorer = make_scorer
        self._scorer: Scorer | None = None

    def evaluate(self, jobs: Sequence[AnyJob]) -> list[Measurement]:
        if self._scorer is None:  # not when the actor starts: there Ray would hide an error
            self._scorer = self._make_scorer()
        return self._scorer.evaluate(jobs)


def limit_memory(gib: float | None) -> None:
    """Has allocations of this process fail beyond so many GiB (Linux; elsewhere, nothing)."""
    if gib is not None and sys.platform == "linux":
        import resource

        # Of private memory that can be written; addresses are reserved far beyond what is used.
        _, most = resource.getrlimit(resource.RLIMIT_DATA)
        resource.setrlimit(resource.RLIMIT_DATA, (round(gib * 2**30), most))


@dataclasses.dataclass
class _Slot:
    """One actor and what it is doing; without jobs it scores the reference program."""

    actor: Any
    started: float
    answer: Any
    jobs: list[AnyJob] = dataclasses.field(default_factory=list)
    is_idle: bool = False
    num_jobs: int = 0


Measured = list[tuple[str, Measurement]]


class RayPool:
    """Scores by Ray actors on this machine, each in a process of its own.

    An actor that dies or runs out of memory is replaced and its candidate tried again after the
    others, up to `MAX_TRIES`; an actor whose candidate is past its time is killed, since a timeout
    on the waiting side stops nothing. Of a batch, each half is tried again by itself, and so on,
    down to the candidate that it was; a batch is given the time of one candidate.

    The accelerators of the machine are shared out evenly.

    Args:
        make_scorer: called in each actor.
        num_workers: actors.
        candidate_seconds: wall clock for one candidate, or for a batch.
        batch_size: candidates that an actor is given at once, if there are as many.
        memory_gib: what an actor may take of the machine's memory; None for no limit.
    """

    def __init__(
        self,
        make_scorer: MakeScorer,
        num_workers: int,
        candidate_seconds: float,
        batch_size: int = 1,
        memory_gib: float | None = None,
    ):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Ray has a paragraph to say of every death; here that is an everyday matter, or told.
        deaths = "worker died|workers? .*killed|marked dead|is terminated"
        os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", deaths)
        import ray
        import ray.exceptions

        on_terminate = signal.getsignal(signal.SIGTERM) or signal.SIG_DFL
        with warnings.catch_warnings():
            # JAX warns of any fork; Ray's is followed at once by exec, which is safe.
            warnings.filterwarnings("ignore", "os.fork", RuntimeWarning)
            ray.init(
                address="local",
                num_cpus=num_workers,
                include_dashboard=False,
                log_to_driver=False,
                logging_level=logging.ERROR,
                object_store_memory=128 * 2**20,
            )
        signal.signal(signal.SIGTERM, on_terminate)  # Ray puts its own there
        self._ray: Any = ray
        self._head = RayHead(ray, is_ours=True)
        # Not by `ray.put`: when Ray goes away, it ends a process that has something there.
        self._worker_arguments = (make_scorer, memory_gib)
        gpus = gpu_share(int(ray.cluster_resources().get("GPU", 0)), num_workers)
        as_actor: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)
        self._actor_class: Any = as_actor(_Worker)
        self._num_workers = num_workers
        self._candidate_seconds = candidate_seconds
        self._queue = JobQueue(batch_size)
        self._num_failed: Counter[tuple[str, Reason]] = Counter()
        self._slots: list[_Slot] = []
        self._now, self._last_look = 0.0, time.monotonic()
        self._num_failed_starts = 0
        self._reference: Measurement | None = None

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

    def wait(self, seconds: float) -> Measured:
        self._head.check()
        self._look_at_clock()
        self._dispatch(only_full=not seconds)
        busy = {slot.answer: slot for slot in self._slots if not slot.is_idle}
        if not busy:
            return []
        done, _ = self._ray.wait(list(busy), num_returns=1, timeout=seconds)
        if done and len(busy) > 1:  # take along what else is ready
            done, _ = self._ray.wait(list(busy), num_returns=len(busy), timeout=0)
        measured = [found for answer in done for found in self._collect(busy[answer])]
        self._look_at_clock()
        for slot in busy.values():
            limit = self._candidate_seconds + (0.0 if slot.jobs else START_SECONDS)
            is_late = self._now - slot.started > limit
            if is_late and not slot.is_idle and slot.answer not in done:
                measured += self._replace(slot, Reason.TIMED_OUT)
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
        actor = self._actor_class.remote(*self._worker_arguments)
        return _Slot(actor, self._now, actor.evaluate.remote(self._reference_jobs))

    def _dispatch(self, *, only_full: bool = False) -> None:
        for slot in self._slots:
            if slot.is_idle and (jobs := self._queue.take(only_full=only_full)):
                slot.jobs, slot.is_idle = jobs, False
                slot.started = self._now
                slot.answer = slot.actor.evaluate.remote(jobs)

    def _collect(self, slot: _Slot) -> Measured:
        jobs = slot.jobs
        try:
            measurements = self._ray.get(slot.answer)
        except self._ray.exceptions.RayActorError:
            return self._replace(slot, Reason.CRASHED)
        except self._ray.exceptions.OutOfMemoryError:  # of the machine, as Ray sees it
            return self._replace(slot, Reason.OUT_OF_MEMORY)
        except self._ray.exceptions.RayTaskError as error:
            if isinstance(error.cause, MemoryError):
                return self._replace(slot, Reason.OUT_OF_MEMORY)
            raise error.cause from error  # a bug, ours or of a task, or a file that is missing
        slot.jobs, slot.is_idle = [], True
        is_short = any(map(_ran_out_of_memory, measurements))
        if not jobs:
            if is_short and self._reference is not None:  # for now: the first one had enough
                return self._replace(slot, Reason.OUT_OF_MEMORY)
            self._check(*measurements)
            return []
        slot.num_jobs += len(jobs)
        if slot.num_jobs >= MAX_JOBS or is_short:
            self._restart(slot)
        measured = []
        for job, found in zip(jobs, measurements, strict=True):
            is_failed = _ran_out_of_memory(found)
            measured += self._blame([job], found) if is_failed else self._done(job, found)
        return measured

    def _check(self, measurement: Measurement) -> None:
        """Compares a new worker's scores of the reference program with the first one's."""
        self._num_failed_starts = 0
        if self._reference is None:
            self._reference = measurement
        elif measurement.scores != self._reference.scores:
            raise WorkerError(
                f"two workers score one program differently ({measurement.scores} and "
                f"{self._reference.scores}); use machines of one kind"
            )

    def _replace(self, slot: _Slot, reason: Reason) -> Measured:
        """The slot's actor failed: a new one takes its place, and its candidate is tried again."""
        jobs, seconds = slot.jobs, self._now - slot.started
        if not jobs:
            self._num_failed_starts += 1
            if self._num_failed_starts >= MAX_FAILED_STARTS:
                raise WorkerError(
                    "workers die as they start; is there memory for them? Try fewer, or "
                    "--workers 0, which shows the error"
                )
        self._restart(slot)
        return self._blame(jobs, Measurement(reason, seconds=seconds))

    def _blame(self, jobs: list[AnyJob], measurement: Measurement) -> Measured:
        """What stopped a worker is the outcome of one candidate, once it was tried often enough; of
        a batch, the halves go on."""
        if len(jobs) == 1:
            (job,) = jobs
            self._num_failed[job.name, measurement.reason] += 1
            if self._num_failed[job.name, measurement.reason] >= MAX_TRIES[measurement.reason]:
                return self._done(job, measurement)
            self._queue.put_batch(jobs)
            return []
        half = len(jobs) // 2
        for part in (jobs[:half], jobs[half:]):
            if part:
                self._queue.put_batch(part)
        return []

    def _done(self, job: AnyJob, measurement: Measurement) -> Measured:
        for reason in MAX_TRIES:
            self._num_failed.pop((job.name, reason), None)
        return [(job.name, measurement)]

    def _restart(self, slot: _Slot) -> None:
        self._ray.kill(slot.actor)  # it may only be out of reach
        new = self._start_worker()
        slot.actor, slot.started, slot.answer = new.actor, new.started, new.answer
        slot.jobs, slot.is_idle, slot.num_jobs = [], False, 0


def gpu_share(num_gpus: int, num_workers: int) -> float:
    """How much of an accelerator each worker gets; as many fit on one as on any other."""
    if not num_gpus:
        return 0.0
    per_gpu = math.ceil(num_workers / num_gpus)
    return math.floor(10_000 / per_gpu) / 10_000  # Ray counts in ten-thousandths, and rounds


def _ran_out_of_memory(measurement: Measurement) -> bool:
    return measurement.reason is Reason.OUT_OF_MEMORY
