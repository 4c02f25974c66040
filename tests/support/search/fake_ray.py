"""A Ray without processes, whose clock stands still but where somebody waits."""

import dataclasses
import queue
from collections import deque
from collections.abc import Callable
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

from ray import exceptions

from lionhunt.search.workers import ray_pool as workers
from lionhunt.search.workers.ray_pool import RayPool

HANGS = object()
"""What is answered by an actor that never answers."""


@dataclasses.dataclass
class FakeRay:
    """Actors answer as soon as they are asked, with what a function of the test returns or raises.

    Attributes:
        evaluate: called with the number of the actor, from 1, and its jobs.
        num_actors: that were started.
        killed: numbers of those that were killed, in order.
        now: seconds since the beginning.
    """

    evaluate: Callable[[int, list], Any]
    num_actors: int = 0
    killed: list[int] = dataclasses.field(default_factory=list)
    now: float = 0.0
    exceptions = exceptions

    def cluster_resources(self) -> dict[str, float]:
        return {}

    def remote(self, **_) -> Callable:
        return lambda _: SimpleNamespace(remote=self._start_actor)

    def _start_actor(self, *_) -> Any:
        self.num_actors += 1
        number = self.num_actors
        ask = SimpleNamespace(remote=lambda jobs: self._ask(number, jobs))
        return SimpleNamespace(number=number, evaluate=ask)

    def _ask(self, number: int, jobs: list) -> Any:
        try:
            found = self.evaluate(number, jobs)
        except exceptions.RayError as error:
            found = error
        except Exception as error:
            found = exceptions.RayTaskError("evaluate", "", error, "", 1, "0.0.0.0")
        tell = (lambda _: None) if found is HANGS else (lambda call: call(None))
        future = SimpleNamespace(add_done_callback=tell)
        return SimpleNamespace(found=found, future=lambda: future)

    def get(self, answer: Any) -> Any:
        if isinstance(answer.found, Exception):
            raise answer.found
        return answer.found

    def kill(self, actor: Any) -> None:
        self.killed.append(actor.number)

    def shutdown(self) -> None:
        pass


class _Answers(deque):
    """A `queue.SimpleQueue` where waiting is only a matter of the clock."""

    def __init__(self, ray: FakeRay):
        super().__init__()
        self._ray = ray

    put = deque.append

    def get(self, timeout: float) -> Any:
        if not self:
            self._ray.now += timeout
            raise queue.Empty
        return self.popleft()


@contextmanager
def fake_pool(monkeypatch, evaluate, num_workers=1, batch_size=1, *, address="local"):
    """A pool of workers of a fake Ray, not started, and the fake."""
    ray = FakeRay(evaluate)
    answers = SimpleNamespace(SimpleQueue=lambda: _Answers(ray), Empty=queue.Empty)
    head = SimpleNamespace(check=lambda: None, close=lambda: None)
    monkeypatch.setattr(workers, "connect", lambda *_: ray)
    monkeypatch.setattr(workers, "RayHead", lambda *_, **__: head)
    monkeypatch.setattr(workers, "queue", answers)
    monkeypatch.setattr(workers, "time", SimpleNamespace(monotonic=lambda: ray.now))
    pool = RayPool(lambda: None, num_workers, 60.0, batch_size, None, address)  # type: ignore
    with closing(pool):
        yield pool, ray
