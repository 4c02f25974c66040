"""A Ray without processes; its clock moves only while the pool waits."""

import dataclasses
import queue
from collections import deque
from collections.abc import Callable
from contextlib import closing, contextmanager
from types import SimpleNamespace
from typing import Any

from ray import exceptions

from lionhunt.search.workers import ray_pool
from lionhunt.search.workers.ray_pool import RayPool

HANGS = object()
"""The answer of an actor that never answers."""


@dataclasses.dataclass
class FakeRay:
    """A Ray whose actors answer at once with what a function of the test returns or raises.

    Attributes:
        evaluate: called with the number of the actor, from 1, and its jobs.
        num_actors: actors started.
        killed: numbers of the killed actors, in order.
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
            value = self.evaluate(number, jobs)
        except exceptions.RayError as error:
            value = error
        except Exception as error:
            value = exceptions.RayTaskError("evaluate", "", error, "", 1, "0.0.0.0")
        notify = (lambda _: None) if value is HANGS else (lambda call: call(None))
        future = SimpleNamespace(add_done_callback=notify)
        return SimpleNamespace(value=value, future=lambda: future)

    def get(self, answer: Any) -> Any:
        if isinstance(answer.value, Exception):
            raise answer.value
        return answer.value

    def kill(self, actor: Any) -> None:
        self.killed.append(actor.number)

    def shutdown(self) -> None:
        pass


class _Answers(deque):
    """A `queue.SimpleQueue` in which waiting only moves the clock."""

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
    """Yield a pool with a fake Ray, not started, and the fake Ray."""
    ray = FakeRay(evaluate)
    answers = SimpleNamespace(SimpleQueue=lambda: _Answers(ray), Empty=queue.Empty)
    head = SimpleNamespace(check=lambda: None, close=lambda: None)
    monkeypatch.setattr(ray_pool, "connect", lambda *_: ray)
    monkeypatch.setattr(ray_pool, "RayHead", lambda *_, **__: head)
    monkeypatch.setattr(ray_pool, "queue", answers)
    monkeypatch.setattr(ray_pool, "time", SimpleNamespace(monotonic=lambda: ray.now))
    pool = RayPool(lambda: None, num_workers, 60.0, batch_size, None, address)  # type: ignore
    with closing(pool):
        yield pool, ray
