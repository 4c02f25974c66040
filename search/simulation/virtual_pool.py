"""A pool of workers in virtual time, with a given time for each evaluation."""

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import Scorer


class SimulatedPool:
    """A pool that scores in this process, and returns a measurement when a worker would end it.

    Virtual time passes only while the driver waits, as if the driver were infinitely fast. The pool
    models the queue of `WorkerPool` alone: starting, messages, deaths and retries take no time.

    Args:
        scorer: of candidates.
        num_workers: the number of workers, with one candidate each.
        seconds: returns the virtual seconds of the evaluation of a candidate, by its name.

    Attributes:
        now: virtual seconds since the start.
        num_evaluations: evaluations begun.
        own_seconds: processor time of the pool and its scorer, which a driver with real workers
            does not spend.
    """

    def __init__(self, scorer: Scorer, num_workers: int, seconds: Callable[[str], float]):
        self.now = 0.0
        self.num_evaluations = 0
        self.own_seconds = 0.0
        self._scorer = scorer
        self._num_workers = num_workers
        self._seconds = seconds
        self._waiting: deque[AnyJob] = deque()
        # A heap of the end of an evaluation, a number that breaks ties, and the job.
        self._running: list[tuple[float, int, AnyJob]] = []
        self._numbers = itertools.count()
        # The seconds of all evaluations begun, and the sum of the ends of the running ones.
        self._work = 0.0
        self._ends = 0.0
        # The time of the last beginning, and the work done by then.
        self._last_begun = (0.0, 0.0)

    def start(self, reference: AnyJob) -> Measurement:
        return self._scorer.evaluate([reference])[0]

    def submit(self, job: AnyJob) -> None:
        began = time.process_time()
        self._waiting.append(job)
        self._begin()
        self.own_seconds += time.process_time() - began

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        """Return the measurements done by now; with `seconds`, pass time until there is one.

        That time may be longer than `seconds`: the driver has nothing else to do.
        """
        began = time.process_time()
        if seconds and self._running:
            self.now = self._running[0][0]
        done = []
        while self._running and self._running[0][0] <= self.now:
            end, _, job = heapq.heappop(self._running)
            self._ends -= end
            done.append(job)
        measured = list(zip((job.name for job in done), self._scorer.evaluate(done), strict=True))
        self._begin()
        self.own_seconds += time.process_time() - began
        return measured

    def close(self) -> None:
        self._waiting.clear()

    @property
    def idle_share(self) -> float:
        """Return the share of the workers' time so far without work."""
        return self._idle_share(self.now, self._done())

    @property
    def idle_share_while_bred(self) -> float:
        """Return the same until the last evaluation begins: without the end of a run."""
        return self._idle_share(*self._last_begun)

    def _begin(self) -> None:
        while self._waiting and len(self._running) < self._num_workers:
            job = self._waiting.popleft()
            seconds = self._seconds(job.name)
            end = self.now + seconds
            heapq.heappush(self._running, (end, next(self._numbers), job))
            self._work += seconds
            self._ends += end
            self.num_evaluations += 1
            self._last_begun = self.now, self._done()

    def _done(self) -> float:
        """Return the seconds of work done so far."""
        return self._work - (self._ends - len(self._running) * self.now)

    def _idle_share(self, now: float, done: float) -> float:
        return 1 - done / (self._num_workers * now) if now else 0.0
