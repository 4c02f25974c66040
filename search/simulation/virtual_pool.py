"""Workers in virtual time: a pool whose evaluations take as long as they are said to."""

import heapq
import itertools
import time
from collections import deque
from collections.abc import Callable

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import Scorer


class SimulatedPool:
    """Scores in this process, and tells what was measured when a worker would be done with it.

    Time passes only where the driver waits: it is taken as infinitely fast. Of `RayPool` there is
    the queue alone: no start of workers, no way to them and back, no death, no second try.

    Args:
        scorer: of candidates.
        num_workers: that work side by side, one candidate each.
        seconds: of virtual time that the evaluation of a candidate takes, by its name.

    Attributes:
        now: virtual seconds since the start.
        num_evaluations: candidates that were begun.
        own_seconds: processor time that was spent in here, the scorer's included: what a driver
            with real workers has not to spend.
    """

    def __init__(self, scorer: Scorer, num_workers: int, seconds: Callable[[str], float]):
        self.now = 0.0
        self.num_evaluations = 0
        self.own_seconds = 0.0
        self._scorer = scorer
        self._num_workers = num_workers
        self._seconds = seconds
        self._waiting: deque[AnyJob] = deque()
        self._running: list[tuple[float, int, AnyJob]] = []  # a heap: its end, and a number
        self._numbers = itertools.count()
        self._work = 0.0  # of all that was begun
        self._ends = 0.0  # of all that is running, together
        self._last_begun = (0.0, 0.0)  # when, and the work that was done by then

    def start(self, reference: AnyJob) -> Measurement:
        return self._scorer.evaluate([reference])[0]

    def submit(self, job: AnyJob) -> None:
        began = time.process_time()
        self._waiting.append(job)
        self._begin()
        self.own_seconds += time.process_time() - began

    def wait(self, seconds: float) -> list[tuple[str, Measurement]]:
        """What is done by now; if seconds are given, and nothing is, by the time that something is.

        That may be later than was asked for: until then the driver has nothing else to do.
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
        """The share of the workers' time so far in which they had nothing to do."""
        return self._idle_share(self.now, self._done())

    @property
    def idle_share_while_bred(self) -> float:
        """The same up to the last evaluation that was begun: without the end of a run."""
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
        """Seconds that workers have worked."""
        return self._work - (self._ends - len(self._running) * self.now)

    def _idle_share(self, now: float, done: float) -> float:
        return 1 - done / (self._num_workers * now) if now else 0.0
