"""The host of workers on a Ray cluster: they are actors."""

import math
import queue
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

from lionhunt.search.evaluation.job import AnyJob
from lionhunt.search.evaluation.outcome import Measurement
from lionhunt.search.evaluation.scorer import MakeScorer
from lionhunt.search.workers.cluster.ray_cluster import connect
from lionhunt.search.workers.cluster.ray_head import RayHead
from lionhunt.search.workers.host import ShortOfMemory, WorkerDied, WorkerRaised
from lionhunt.search.workers.worker import Worker


class RayHost:
    """A host of Ray actors; all accelerators of the cluster are shared out evenly.

    Args:
        make_scorer: called in each actor.
        num_workers: the number of actors.
        address: of the cluster; see `search.workers.cluster.ray_cluster.connect`.
        memory_gib: the limit of each actor's memory; None for no limit.
    """

    is_shared = True

    def __init__(
        self,
        make_scorer: MakeScorer,
        num_workers: int,
        address: str,
        memory_gib: float | None = None,
    ):
        self._ray = connect(address)
        self._head = RayHead(self._ray)
        # Not by `ray.put`: Ray, when it goes away, kills a process that owns an object.
        self._arguments = (make_scorer, memory_gib)
        gpus = gpu_share(int(self._ray.cluster_resources().get("GPU", 0)), num_workers)
        as_actor: Any = self._ray.remote(num_cpus=1, num_gpus=gpus, max_restarts=0)
        self._actor_class: Any = as_actor(Worker)
        self._answers: queue.SimpleQueue[tuple[_Actor, Any]] = queue.SimpleQueue()

    def start_worker(self) -> "_Actor":
        return _Actor(self._ray, self._actor_class.remote(*self._arguments), self._answers)

    def wait(self, seconds: float) -> Iterator["_Actor"]:
        with suppress(queue.Empty):
            while True:
                actor, pending = self._answers.get(timeout=seconds)
                # The answer of an actor that was killed does not count.
                if actor.pending is pending:
                    seconds = 0.0
                    yield actor

    def check(self) -> None:
        self._head.check()

    def close(self) -> None:
        self._head.close()


class _Actor:
    """A worker that is an actor.

    Args:
        ray: the module.
        actor: of the class `Worker`.
        answers: gets this and the pending answer as soon as it is there.

    Attributes:
        pending: the answer to the last jobs; None before any, and once the actor is killed.
    """

    def __init__(self, ray: Any, actor: Any, answers: "queue.SimpleQueue[tuple[_Actor, Any]]"):
        self._ray = ray
        self._actor = actor
        self._answers = answers
        self.pending: Any = None

    def ask(self, jobs: Sequence[AnyJob]) -> None:
        self.pending = pending = self._actor.evaluate.remote(jobs)
        # A callback for each answer: asking Ray for those of thousands of workers takes 30 ms.
        pending.future().add_done_callback(lambda _: self._answers.put((self, pending)))

    def answer(self) -> list[Measurement]:
        try:
            return self._ray.get(self.pending)
        except self._ray.exceptions.RayActorError as error:
            raise WorkerDied(str(error)) from error
        # Ray found the machine short of memory.
        except self._ray.exceptions.OutOfMemoryError as error:
            raise ShortOfMemory(str(error)) from error
        except self._ray.exceptions.RayTaskError as error:
            raise WorkerRaised(error.cause) from error

    def kill(self) -> None:
        # The actor may be alive, and only out of reach.
        self.pending = None
        self._ray.kill(self._actor)


def gpu_share(num_gpus: int, num_workers: int) -> float:
    """Return the share of an accelerator for each worker, the same for all workers."""
    if not num_gpus:
        return 0.0
    per_gpu = math.ceil(num_workers / num_gpus)
    # Ray counts in ten-thousandths, and rounds.
    return math.floor(10_000 / per_gpu) / 10_000
