"""A host without processes; its clock moves only while the pool waits."""

import dataclasses
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

from lionhunt.search.workers import worker_pool
from lionhunt.search.workers.host import ShortOfMemory, WorkerDied, WorkerRaised
from lionhunt.search.workers.worker_pool import WorkerPool

HANGS = object()
"""The answer of a worker that never answers."""


@dataclasses.dataclass(eq=False)
class FakeWorker:
    """A worker that answers at once with what a function of the test returns or raises."""

    number: int
    host: "FakeHost"
    value: Any = None

    def ask(self, jobs: Sequence[Any]) -> None:
        try:
            self.value = self.host.evaluate(self.number, list(jobs))
        except (WorkerDied, ShortOfMemory) as error:
            self.value = error
        except Exception as error:
            self.value = WorkerRaised(error)
        if self.value is not HANGS:
            self.host.answers.append(self)

    def answer(self) -> Any:
        if isinstance(self.value, Exception):
            raise self.value
        return self.value

    def kill(self) -> None:
        self.host.killed.append(self.number)


@dataclasses.dataclass
class FakeHost:
    """A host of fake workers.

    Attributes:
        evaluate: called with the number of the worker, from 1, and its jobs.
        is_shared: see `Host`.
        workers: those started, in order.
        killed: numbers of the killed workers, in order.
        now: seconds since the beginning.
        answers: workers whose answers nobody has taken.
    """

    evaluate: Callable[[int, list], Any]
    is_shared: bool
    workers: list[FakeWorker] = dataclasses.field(default_factory=list)
    killed: list[int] = dataclasses.field(default_factory=list)
    now: float = 0.0
    answers: deque[FakeWorker] = dataclasses.field(default_factory=deque)

    @property
    def num_started(self) -> int:
        return len(self.workers)

    def start_worker(self) -> FakeWorker:
        self.workers.append(FakeWorker(len(self.workers) + 1, self))
        return self.workers[-1]

    def wait(self, seconds: float) -> Iterator[FakeWorker]:
        if not self.answers:
            self.now += seconds
        while self.answers:
            worker = self.answers.popleft()
            if worker.number not in self.killed:
                yield worker

    def check(self) -> None:
        pass

    def close(self) -> None:
        pass


@contextmanager
def fake_pool(monkeypatch, evaluate, num_workers=1, batch_size=1, *, is_shared=False):
    """Yield a pool on a fake host, not started, and the host."""
    host = FakeHost(evaluate, is_shared)
    monkeypatch.setattr(worker_pool, "time", SimpleNamespace(monotonic=lambda: host.now))
    with closing(WorkerPool(host, num_workers, 60.0, batch_size)) as pool:
        yield pool, host
