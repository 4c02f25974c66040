"""Workers on this machine with candidates that kill, hang and fail, scored by a formula."""

import dataclasses
import os
import signal
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import cloudpickle
import numpy as np
import psutil
import pytest

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.workers import worker_pool
from lionhunt.search.workers.cluster.ray_host import gpu_share
from lionhunt.search.workers.local_pool import LocalPool
from lionhunt.search.workers.process_host import ProcessHost
from lionhunt.search.workers.retry import MAX_TRIES
from lionhunt.search.workers.worker_pool import WorkerPool

# Workers cannot import tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

REFERENCE = assemble(dsl.library.load("adamw_initial"))


def candidate(behaviour: str):
    """Make bytecode whose only constant is the number of a behaviour."""
    return REFERENCE._replace(scalar_registers=np.array([BEHAVIOURS.index(behaviour)], np.float32))


BEHAVIOURS = ("fine", "kill", "kill once", "hang", "stop once", "slow", "raise", "out of memory")


@dataclasses.dataclass
class Misbehaving:
    """A scorer that misbehaves as its candidates ask.

    Attributes:
        folder: in which a process that begins a candidate leaves its number.
        has_little_memory: whether the second process lacks memory to score the reference.
    """

    folder: Path
    has_little_memory: bool = False

    def evaluate(self, jobs):
        return [self.evaluate_one(job.bytecode) for job in jobs]

    def evaluate_one(self, bytecode):
        # The reference has more constants.
        if len(bytecode.scalar_registers) > 1:
            num_started = len(list(self.folder.glob("start-*")))
            (self.folder / f"start-{os.getpid()}").touch()
            if self.has_little_memory and num_started == 1:
                return Measurement(Status.OUT_OF_MEMORY)
            return Measurement(Status.OK, (0.5,))
        behaviour = BEHAVIOURS[int(bytecode.scalar_registers[0])]
        first = not any(self.folder.glob(f"{behaviour}-*"))
        (self.folder / f"{behaviour}-{os.getpid()}").touch()
        if behaviour == "kill" or behaviour == "kill once" and first:
            os.kill(os.getpid(), signal.SIGKILL)
        if behaviour == "hang":
            time.sleep(1000)
        if behaviour == "stop once" and first:
            os.kill(os.getpid(), signal.SIGSTOP)
        if behaviour == "slow":
            time.sleep(1.0)
        if behaviour == "out of memory":
            hoard = [np.empty(2**26, np.uint8) for _ in range(1024)]
            assert len(hoard) == 0
        if behaviour == "raise":
            raise ZeroDivisionError("a bug of a task")
        return Measurement(Status.OK, (1.0,))


@contextmanager
def open_worker_pool(
    make_scorer, num_workers=2, candidate_seconds=60.0, batch_size=1, memory_gib=2.0
):
    host = ProcessHost(make_scorer, memory_gib)
    with closing(WorkerPool(host, num_workers, candidate_seconds, batch_size)) as pool:
        pool.start(Job("reference", REFERENCE))
        yield pool


def collect(pool, count, seconds=90):
    """Wait for `count` measurements."""
    measured = {}
    end = time.monotonic() + seconds
    while len(measured) < count:
        assert time.monotonic() < end, f"only {measured}"
        measured |= dict(pool.wait(1.0))
    return measured


def test_what_candidates_do_is_their_outcome_and_what_others_do_is_not(tmp_path, monkeypatch):
    for status in (Status.CRASHED, Status.OUT_OF_MEMORY):
        monkeypatch.setitem(MAX_TRIES, status, 2)
    names = ("kill", "kill once", "hang", "stop once", "out of memory")
    with open_worker_pool(lambda: Misbehaving(tmp_path, True), candidate_seconds=2.0) as pool:
        for behaviour in names:
            pool.submit(Job(behaviour, candidate(behaviour)))
        for number in range(20):
            pool.submit(Job(f"fine {number}", candidate("fine")))
        measured = collect(pool, 25)
    assert measured["kill"].status is Status.CRASHED
    assert measured["hang"].status is Status.TIMED_OUT and measured["hang"].seconds >= 2
    assert measured["out of memory"].status is Status.OUT_OF_MEMORY
    fine = [measured[f"fine {number}"] for number in range(20)]
    for measurement in (measured["kill once"], measured["stop once"], *fine):
        assert measurement == Measurement(Status.OK, (1.0,))
    for name in names:
        processes = [int(file.name.split("-")[1]) for file in tmp_path.glob(f"{name}-*")]
        assert len(processes) == 2 and not any(map(is_alive, processes))
    assert not psutil.Process().children(recursive=True)


def test_of_a_batch_only_the_one_that_kills_or_hangs_is_an_outcome(tmp_path, monkeypatch):
    monkeypatch.setitem(MAX_TRIES, Status.CRASHED, 2)
    monkeypatch.setitem(MAX_TRIES, Status.TIMED_OUT, 1)
    behaviours = ["fine", "kill", *["fine"] * 4, "hang", "fine"]
    with open_worker_pool(
        lambda: Misbehaving(tmp_path), candidate_seconds=2.0, batch_size=4
    ) as pool:
        for number, behaviour in enumerate(behaviours):
            pool.submit(Job(str(number), candidate(behaviour)))
        measured = collect(pool, len(behaviours))
    statuses = {"fine": Status.OK, "kill": Status.CRASHED, "hang": Status.TIMED_OUT}
    assert [measured[str(i)].status for i in range(8)] == [statuses[b] for b in behaviours]
    # In a batch of 4, in one of 2, and twice alone.
    assert len(list(tmp_path.glob("kill-*"))) == 4


@pytest.mark.parametrize("num_gpus, num_workers", [(1, 1), (1, 7), (2, 3), (8, 3), (3, 8)])
def test_accelerators_are_shared_out_and_every_worker_finds_a_place(num_gpus, num_workers):
    share = gpu_share(num_gpus, num_workers)
    per_gpu = int(1 / share + 1e-9)
    assert per_gpu * num_gpus >= num_workers > (per_gpu - 1) * num_gpus
    assert 0 < share <= 1 and round(share * 10_000) * per_gpu <= 10_000
    assert gpu_share(0, num_workers) == 0


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


def test_sleep_of_the_machine_is_nobodys_time_and_workers_are_renewed(tmp_path, monkeypatch):
    """Check also that an error is a candidate's outcome unless a file has gone."""
    slept = 0.0
    clock = SimpleNamespace(monotonic=lambda: time.monotonic() + slept)
    monkeypatch.setattr(worker_pool, "time", clock)
    monkeypatch.setattr(worker_pool, "MAX_JOBS", 2)
    monkeypatch.setitem(MAX_TRIES, Status.RAISED, 2)

    def make_scorer():
        if (tmp_path / "gone").exists():
            raise DataError("no file digits.npz")
        return Misbehaving(tmp_path)

    with open_worker_pool(make_scorer, num_workers=1) as pool:
        pool.submit(Job("slow", candidate("slow")))
        assert pool.wait(0.0) == []
        slept = 100_000.0
        collect(pool, 1)
        # There was no second try.
        assert len(list(tmp_path.glob("slow-*"))) == 1
        for name in "abc":
            pool.submit(Job(name, candidate("fine")))
        collect(pool, 3)
        # Two workers scored the three candidates.
        assert len(list(tmp_path.glob("fine-*"))) == 2
        pool.submit(Job("raise", candidate("raise")))
        assert collect(pool, 1)["raise"].status_text == "raised: ZeroDivisionError: a bug of a task"
        assert len(list(tmp_path.glob("raise-*"))) == 2
        (tmp_path / "gone").touch()
        pool.submit(Job("raise", candidate("raise")))
        with pytest.raises(DataError, match="^no file digits.npz$"):
            collect(pool, 1)


def test_local_pool_scores_batches(tmp_path):
    with closing(LocalPool(lambda: Misbehaving(tmp_path), batch_size=2)) as pool:
        for name in "abc":
            pool.submit(Job(name, candidate("fine")))
        assert [[name for name, _ in pool.wait(1.0)] for _ in range(3)] == [["a", "b"], ["c"], []]


def test_local_pool_scores_in_order(tmp_path):
    with closing(LocalPool(lambda: Misbehaving(tmp_path))) as pool:
        assert pool.start(Job("reference", REFERENCE)) == Measurement(Status.OK, (0.5,))
        assert pool.wait(0.0) == []
        for name in "ab":
            pool.submit(Job(name, candidate("fine")))
        assert pool.wait(0.0) == [("a", Measurement(Status.OK, (1.0,)))]
        assert pool.wait(0.0) == [("b", Measurement(Status.OK, (1.0,)))]
