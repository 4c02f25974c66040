"""Where candidates are scored: in this process, or by Ray actors. The result is the same.

A pool takes bytecode under a name and gives back measurements, in any order. Every worker first
scores a reference program, which compiles its tasks; scores that differ from the run's own show a
worker whose arithmetic differs, and stop the run.
"""

import dataclasses
import logging
import os
import signal
import time
import warnings
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from dsl.bytecode import Bytecode
from search.job import Job
from search.outcome import Measurement, Reason

MAX_DEATHS = 4
"""Workers that may die with a candidate before it is an outcome. Two would tell a candidate that
always kills; the others are for workers that someone else kills: they must change no history."""
MAX_FAILED_STARTS = 20
"""Workers that may die in a row as they start."""
START_SECONDS = 600.0
"""Wall clock for a worker to start and compile its tasks, beside that of one candidate."""


class WorkerError(Exception):
    """Workers that cannot go on: one line that says why and what to do."""


class Scorer(Protocol):
    """What scores candidates: `search.evaluate.Evaluator`, or a stand-in of a test."""

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        """What is seen of candidates, one of each."""
        ...


MakeScorer = Callable[[], Scorer]


class Pool(Protocol):
    """A place where candidates are scored."""

    def start(self, reference: Bytecode) -> Measurement:
        """Gets ready; returns what it saw of the reference program."""
        ...

    def submit(self, job: Job) -> None:
        """Queues a candidate."""
        ...

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        """What has been measured since; waits for the first, up to `seconds`."""
        ...

    def close(self) -> None:
        """Stops all work."""
        ...


class LocalPool:
    """Scores in this process, one candidate a call of `wait`."""

    def __init__(self, make_scorer: MakeScorer):
        self._scorer = make_scorer()
        self._queue: deque[Job] = deque()

    def start(self, reference: Bytecode) -> Measurement:
        return self._scorer.evaluate([Job("reference", reference)])[0]

    def submit(self, job: Job) -> None:
        self._queue.append(job)

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        if not self._queue:
            return []
        job = self._queue.popleft()
        return [(job.name, self._scorer.evaluate([job])[0])]

    def close(self) -> None:
        self._queue.clear()


class _Worker:
    """What runs in an actor's process."""

    def __init__(self, make_scorer: MakeScorer):
        self._scorer = make_scorer()

    def evaluate(self, jobs: Sequence[Job]) -> list[Measurement]:
        return self._scorer.evaluate(jobs)


@dataclasses.dataclass
class _Slot:
    """One actor and what it is doing; no job is scoring the reference program."""

    actor: Any
    started: float
    answer: Any
    job: Job | None = None
    is_idle: bool = False


class RayPool:
    """Scores by Ray actors on this machine, each in a process of its own.

    An actor that dies is replaced and its candidate tried again after the others, up to
    `MAX_DEATHS`; an actor whose candidate is past its time is killed, since a timeout on the
    waiting side stops nothing.

    Args:
        make_scorer: called in each actor.
        num_workers: actors.
        candidate_seconds: wall clock for one candidate.
    """

    def __init__(self, make_scorer: MakeScorer, num_workers: int, candidate_seconds: float):
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
        self._actor_class: Any = ray.remote(num_cpus=1, max_restarts=0)(_Worker)
        self._num_workers = num_workers
        self._candidate_seconds = candidate_seconds
        self._queue: deque[Job] = deque()
        self._deaths: dict[str, int] = {}
        self._slots: list[_Slot] = []
        self._num_failed_starts = 0
        self._reference: Measurement | None = None

    def start(self, reference: Bytecode) -> Measurement:
        self._reference_jobs = self._ray.put([Job("reference", reference)])
        self._slots = [self._start_worker() for _ in range(self._num_workers)]
        while self._reference is None:
            self.wait(1.0)
        return self._reference

    def submit(self, job: Job) -> None:
        self._queue.append(job)

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        self._dispatch()
        busy = {slot.answer: slot for slot in self._slots if not slot.is_idle}
        if not busy:
            return []
        done, _ = self._ray.wait(list(busy), num_returns=1, timeout=seconds)
        if done and len(busy) > 1:  # take along what else is ready
            done, _ = self._ray.wait(list(busy), num_returns=len(busy), timeout=0)
        measured = [self._collect(busy[answer]) for answer in done]
        now = time.monotonic()
        for slot in busy.values():
            limit = self._candidate_seconds + (START_SECONDS if slot.job is None else 0.0)
            if not slot.is_idle and slot.answer not in done and now - slot.started > limit:
                measured.append(self._give_up(slot, now))
        self._dispatch()
        return [found for found in measured if found is not None]

    def close(self) -> None:
        self._ray.shutdown()

    def _start_worker(self) -> _Slot:
        actor = self._actor_class.remote(self._make_scorer)
        return _Slot(actor, time.monotonic(), actor.evaluate.remote(self._reference_jobs))

    def _dispatch(self) -> None:
        for slot in self._slots:
            if slot.is_idle and self._queue:
                slot.job, slot.is_idle = self._queue.popleft(), False
                slot.started = time.monotonic()
                slot.answer = slot.actor.evaluate.remote([slot.job])

    def _collect(self, slot: _Slot) -> tuple[str, Measurement] | None:
        job = slot.job
        try:
            (measurement,) = self._ray.get(slot.answer)
        except self._ray.exceptions.RayActorError:
            return self._replace(slot)
        except self._ray.exceptions.OutOfMemoryError:
            self._restart(slot)
            return (job.name, Measurement(Reason.OUT_OF_MEMORY)) if job else None
        except self._ray.exceptions.RayTaskError as error:
            raise error.as_instanceof_cause() from None  # a bug, ours or of a task
        slot.job, slot.is_idle = None, True
        if job is None:
            self._check(measurement)
            return None
        self._deaths.pop(job.name, None)
        return job.name, measurement

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

    def _replace(self, slot: _Slot) -> tuple[str, Measurement] | None:
        """The slot's actor died: a new one takes its place, and its candidate is tried again."""
        job = slot.job
        if job is None:
            self._num_failed_starts += 1
            if self._num_failed_starts >= MAX_FAILED_STARTS:
                raise WorkerError(
                    "workers die as they start; is there memory for them? Try fewer, or "
                    "--workers 0, which shows the error"
                )
        self._restart(slot)
        if job is None:
            return None
        name = job.name
        self._deaths[name] = self._deaths.get(name, 0) + 1
        if self._deaths[name] < MAX_DEATHS:
            self._queue.append(job)
            return None
        return name, Measurement(Reason.CRASHED)

    def _give_up(self, slot: _Slot, now: float) -> tuple[str, Measurement] | None:
        """The slot's actor is past its time."""
        job, seconds = slot.job, now - slot.started
        if job is None:
            return self._replace(slot)
        self._restart(slot)
        return job.name, Measurement(Reason.TIMED_OUT, seconds=seconds)

    def _restart(self, slot: _Slot) -> None:
        self._ray.kill(slot.actor)  # it may only be out of reach
        new = self._start_worker()
        slot.actor, slot.started, slot.answer = new.actor, new.started, new.answer
        slot.job, slot.is_idle = None, False


def make_pool(make_scorer: MakeScorer, num_workers: int, candidate_seconds: float) -> Pool:
    """Ray actors, or this process if `num_workers` is 0."""
    if num_workers:
        return RayPool(make_scorer, num_workers, candidate_seconds)
    return LocalPool(make_scorer)
