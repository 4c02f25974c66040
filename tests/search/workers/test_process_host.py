"""Workers on this machine: processes that end with the driver, and the GPU that each sees."""

# Its jobs are functions, and its measurements what they return.
# pyright: reportArgumentType=false

import os
import signal
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import cloudpickle
import psutil
import pytest

from lionhunt.search.errors import WorkerError
from lionhunt.search.workers import process_host
from lionhunt.search.workers.host import WorkerDied, WorkerRaised
from lionhunt.search.workers.process_host import ProcessHost
from lionhunt.search.workers.worker import NAME

# Workers cannot import tests.
cloudpickle.register_pickle_by_value(sys.modules[__name__])

DRIVER = """
import time
from types import SimpleNamespace
from lionhunt.search.workers.process_host import ProcessHost
worker = ProcessHost(lambda: SimpleNamespace(evaluate=time.sleep)).start_worker()
worker.ask(1000)
print(worker._process.pid, flush=True)
time.sleep(1000)
"""


class Answering:
    """A scorer whose jobs are functions, and whose measurements are what they return."""

    def evaluate(self, jobs):
        return [job() for job in jobs]


class Unsendable(Exception):
    """An error that no pickle takes."""

    def __reduce__(self):
        raise TypeError("no")


def ask(host, *jobs):
    """Return the answers of a new worker to functions."""
    worker = host.start_worker()
    worker.ask(jobs)
    (answered,) = host.wait(60.0)
    assert answered is worker
    return worker.answer()


def fail(error):
    raise error


def test_workers_end_with_the_driver():
    """Kill a driver whose worker is in the middle of a long candidate."""
    driver = subprocess.Popen([sys.executable, "-c", DRIVER], stdout=subprocess.PIPE, text=True)
    with driver:
        assert driver.stdout is not None
        worker = psutil.Process(int(driver.stdout.readline()))
        while sys.platform == "linux" and worker.name() != NAME:
            time.sleep(0.05)
        driver.kill()
    worker.wait(10.0)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has it")
def test_workers_are_the_first_to_go_when_memory_is_short():
    with closing(ProcessHost(Answering)) as host:
        score = Path("/proc/self/oom_score_adj")
        assert ask(host, score.read_text) == ["1000\n"]


def test_gpus_are_dealt_out_in_turn(monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3, GPU-5")
    with closing(ProcessHost(Answering)) as host:
        seen = [ask(host, lambda: os.environ["CUDA_VISIBLE_DEVICES"]) for _ in range(3)]
    assert seen == [["3"], ["GPU-5"], ["3"]]


def test_without_gpus_nothing_is_chosen(monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(process_host, "visible_gpus", lambda: [])
    with closing(ProcessHost(Answering)) as host:
        assert ask(host, lambda: "CUDA_VISIBLE_DEVICES" in os.environ) == [False]


@pytest.mark.parametrize("kind, message", [(KeyError, "'a'"), (Unsendable, "a")])
def test_error_of_a_scorer_has_its_name_and_message(kind, message):
    with closing(ProcessHost(Answering)) as host:
        with pytest.raises(WorkerRaised) as raised:
            ask(host, lambda: fail(kind("a")))
    error = raised.value.error
    assert (type(error).__name__, str(error)) == (kind.__name__, message)


def test_worker_that_ends_says_its_last_words():
    def end():
        print("no such luck", file=sys.stderr)
        os._exit(3)

    with closing(ProcessHost(Answering)) as host:
        with pytest.raises(WorkerDied, match="^no such luck$"):
            ask(host, end)
    with closing(ProcessHost(Answering)) as host:
        with pytest.raises(WorkerDied, match="^it ended with status -9$"):
            ask(host, lambda: os.kill(os.getpid(), signal.SIGKILL))


def test_worker_that_reads_nothing_stops_nobody():
    """Send a stopped worker more than its socket takes, and close."""
    large = bytes(2**24)
    with closing(ProcessHost(Answering)) as host:
        worker = host.start_worker()
        worker.ask([lambda: "up"])
        assert [each.answer() for each in host.wait(60.0)] == [["up"]]
        os.kill(worker._process.pid, signal.SIGSTOP)
        worker.ask([lambda: len(large)])
        assert list(host.wait(0.2)) == []
        os.kill(worker._process.pid, signal.SIGCONT)
        assert [each.answer() for each in host.wait(60.0)] == [[2**24]]
        os.kill(worker._process.pid, signal.SIGSTOP)
        worker.ask([lambda: len(large)])
    assert not psutil.pid_exists(worker._process.pid)


def test_processes_of_a_candidate_end_with_its_worker():
    with closing(ProcessHost(Answering)) as host:
        (pid,) = ask(host, lambda: subprocess.Popen([sys.executable, "-c", "input()"]).pid)
        assert psutil.pid_exists(pid)
    end = time.monotonic() + 10.0
    while psutil.pid_exists(pid) and psutil.Process(pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < end
        time.sleep(0.05)


def test_machine_without_room_for_a_process_is_one_line(monkeypatch):
    def refuse(*_, **__):
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr(process_host.subprocess, "Popen", refuse)
    with pytest.raises(WorkerError, match="a worker cannot be started .*unavailable.*--workers 0"):
        ProcessHost(Answering).start_worker()
