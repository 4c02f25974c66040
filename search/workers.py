"""Ray actors that score candidates; the result is that of `search.pool.LocalPool`.

Every worker first scores a reference, which compiles its tasks; scores that differ from those of
the first worker show one whose arithmetic differs, and stop the run.
"""

import dataclasses
import logging
import math
import os
import signal
import time
import warnings
from collections.abc import Sequence
from typing import Any

from search.job import AnyJob
from search.job_queue import JobQueue
from search.log import log
from search.outcome import Measurement, Reason
from search.pool import MakeScorer

MAX_DEATHS = 4
"""Workers that may die with a candidate before it is an outcome. Two would tell a candidate that
always kills; the others are for workers that someone else kills: they must change no history."""
MAX_FAILED_STARTS = 20
"""Workers that may die in a row as they start."""
START_SECONDS = 600.0
"""Wall clock for a worker to start and compile its tasks, beside that of one candidate."""


class WorkerError(Exception):
    """Workers that cannot go on: one line that says why and what to do."""


class _Worker:
    """What runs in an actor's process."""

    def __init__(self, make_scorer: MakeScorer):
        self._scorer = make_scorer()

    def evaluate(self, jobs: Sequence[AnyJob]) -> list[Measurement]:
        return self._scorer.evaluate(jobs)


@dataclasses.dataclass
class _Slot:
    """One actor and what it is doing; without jobs it scores the reference program."""

    actor: Any
    started: float
    answer: Any
    jobs: list[AnyJob] = dataclasses.field(default_factory=list)
    is_idle: bool = False


Measured = list[tuple[str, Measurement]]


class RayPool:
    """Scores by Ray actors on this machine, each in a process of its own.

    An actor that dies is replaced and its candidate tried again after the others, up to
    `MAX_DEATHS`; an actor whose candidate is past its time is killed, since a timeout on the
    waiting side stops nothing. Of a batch, each half is tried again by itself, and so on, down to
    the candidate that it was; a batch is given the time of one candidate.

    The accelerators of the machine are shared out evenly.

    Args:
        make_scorer: called in each actor.
        num_workers: actors.
        candidate_seconds: wall clock for one candidate, or for a batch.
        batch_size: candidates that an actor is given at once, if there are as many.
    """

    def __init__(
        self,
        make_scorer: MakeScorer,
        num_workers: int,
        candidate_seconds: float,
        batch_size: int = 1,
    ):
        os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
        # Ray has a paragraph to say of every worker that dies; here that is an everyday matter.
        os.environ.setdefault("RAY_DEDUP_LOGS_SKIP_REGEX", "worker died|workers? .*killed")
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
        self._make_scorer = ray.put(make_scorer)
        gpus = gpu_share(int(ray.cluster_resources().get("GPU", 0)), num_workers)
        as_actor: Any = ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)
        self._actor_class: Any = as_actor(_Worker)
        self._num_workers = num_workers
        self._candidate_seconds = candidate_seconds
        self._queue = JobQueue(batch_size)
        self._deaths: dict[str, int] = {}
        self._slots: list[_Slot] = []
        self._num_failed_starts = 0
        self._reference: Measurement | None = None

    def start(self, reference: AnyJob) -> Measurement:
        self._reference_jobs = self._ray.put([reference])
        # The first compiles on all cores; the others, which join later, find what it compiled.
        self._slots = [self._start_worker()]
        while self._reference is None:
            self.wait(1.0)
        self._slots += [self._start_worker() for _ in range(1, self._num_workers)]
        return self._reference

    def submit(self, job: AnyJob) -> None:
        self._queue.put(job)

    def wait(self, seconds: float) -> Measured:
        self._dispatch(only_full=not seconds)
        busy = {slot.answer: slot for slot in self._slots if not slot.is_idle}
        if not busy:
            return []
        done, _ = self._ray.wait(list(busy), num_returns=1, timeout=seconds)
        if done and len(busy) > 1:  # take along what else is ready
            done, _ = self._ray.wait(list(busy), num_returns=len(busy), timeout=0)
        measured = [found for answer in done for found in self._collect(busy[answer])]
        now = time.monotonic()
        for slot in busy.values():
            limit = self._candidate_seconds + (0.0 if slot.jobs else START_SECONDS)
            if not slot.is_idle and slot.answer not in done and now - slot.started > limit:
                measured += self._give_up(slot, now)
        # What was measured lets children be born: a batch that is not full may wait for them.
        self._dispatch(only_full=True)
        return measured

    def close(self) -> None:
        self._ray.shutdown()

    def _start_worker(self) -> _Slot:
        actor = self._actor_class.remote(self._make_scorer)
        return _Slot(actor, time.monotonic(), actor.evaluate.remote(self._reference_jobs))

    def _dispatch(self, *, only_full: bool = False) -> None:
        for slot in self._slots:
            if slot.is_idle and (jobs := self._queue.take(only_full=only_full)):
                slot.jobs, slot.is_idle = jobs, False
                slot.started = time.monotonic()
                slot.answer = slot.actor.evaluate.remote(jobs)

    def _collect(self, slot: _Slot) -> Measured:
        jobs = slot.jobs
        try:
            measurements = self._ray.get(slot.answer)
        except self._ray.exceptions.RayActorError:
            return self._replace(slot)
        except self._ray.exceptions.OutOfMemoryError:
            self._restart(slot)
            return self._blame(jobs, Measurement(Reason.OUT_OF_MEMORY))
        except self._ray.exceptions.RayTaskError as error:
            raise error.as_instanceof_cause() from None  # a bug, ours or of a task
        slot.jobs, slot.is_idle = [], True
        if not jobs:
            self._check(*measurements)
            return []
        for job in jobs:
            self._deaths.pop(job.name, None)
        return [(job.name, found) for job, found in zip(jobs, measurements, strict=True)]

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

    def _replace(self, slot: _Slot) -> Measured:
        """The slot's actor died: a new one takes its place, and its candidate is tried again."""
        jobs = slot.jobs
        if not jobs:
            self._num_failed_starts += 1
            if self._num_failed_starts >= MAX_FAILED_STARTS:
                raise WorkerError(
                    "workers die as they start; is there memory for them? Try fewer, or "
                    "--workers 0, which shows the error"
                )
        self._restart(slot)
        if len(jobs) == 1:
            name = jobs[0].name
            self._deaths[name] = self._deaths.get(name, 0) + 1
            if self._deaths[name] < MAX_DEATHS:
                self._queue.put_batch(jobs)
                return []
        return self._blame(jobs, Measurement(Reason.CRASHED))

    def _give_up(self, slot: _Slot, now: float) -> Measured:
        """The slot's actor is past its time."""
        jobs, seconds = slot.jobs, now - slot.started
        if not jobs:
            return self._replace(slot)
        self._restart(slot)
        return self._blame(jobs, Measurement(Reason.TIMED_OUT, seconds=seconds))

    def _blame(self, jobs: list[AnyJob], measurement: Measurement) -> Measured:
        """What stopped a worker is the outcome of one candidate; of a batch, the halves go on."""
        if len(jobs) == 1:
            return [(jobs[0].name, measurement)]
        half = len(jobs) // 2
        for part in (jobs[:half], jobs[half:]):
            if part:
                self._queue.put_batch(part)
        return []

    def _restart(self, slot: _Slot) -> None:
        log("worker_replaced", candidates=[job.name for job in slot.jobs])
        self._ray.kill(slot.actor)  # it may only be out of reach
        new = self._start_worker()
        slot.actor, slot.started, slot.answer = new.actor, new.started, new.answer
        slot.jobs, slot.is_idle = [], False


def gpu_share(num_gpus: int, num_workers: int) -> float:
    """How much of an accelerator each worker gets; as many fit on one as on any other."""
    if not num_gpus:
        return 0.0
    per_gpu = math.ceil(num_workers / num_gpus)
    return math.floor(10_000 / per_gpu) / 10_000  # Ray counts in ten-thousandths, and rounds
