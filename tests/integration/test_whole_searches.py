"""Whole searches as processes: one history for any number of workers, killed at any moment."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from lionhunt.search.storage.run_store import RecordError, RunStore
from lionhunt.search.workers.worker import NAME

# A few functions compile in a third of the time.
CONFIG = """
num_programs = 400
[evolution]
population_size = 20
tournament_size = 3
lag = 8
[mutation]
functions = ["+", "-", "*", "/", "sign", "sqrt", "square", "interp", "tanh"]
[[tasks]]
kind = "digits_mlp"
num_steps = 20
batch_size = 8
width = 8
[[tasks]]
kind = "stdlib_lm"
num_steps = 20
batch_size = 2
width = 4
num_layers = 1
length = 4
num_validation = 8
"""
LIONHUNT = Path(sys.executable).with_name("lionhunt")


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "small.toml"
    path.write_text(CONFIG)
    return path


def start(*words):
    """Start a process in a group of its own, as a terminal does."""
    # Background processes of a shell ignore SIGINT, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)
    return subprocess.Popen(
        [LIONHUNT, *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def finish(*words):
    """Run a command to its end; return its output."""
    process = start(*words)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    assert err == ""
    return out


def summary(folder):
    return json.loads(finish("show", folder, "--json"))


def num_programs(folder):
    """Return the number of programs recorded so far."""
    try:
        with RunStore.open_to_read(folder) as records:
            return records.count()
    except RecordError:
        return 0


def wait_for(folder, count, process):
    while num_programs(folder) < count:
        assert process.poll() is None, process.communicate()
        time.sleep(0.05)


@pytest.fixture(scope="module")
def undisturbed(config, tmp_path_factory):
    """Return the summary of an undisturbed run that scores in its own process."""
    folder = tmp_path_factory.mktemp("undisturbed")
    out = finish("search", config, "--out", folder, "--workers", 0)
    assert "best program" in out and f"lionhunt show {folder}:best" in out
    return summary(folder)


@pytest.mark.slow
def test_search_finds_better_programs_than_it_began_with(undisturbed):
    assert undisturbed["complete"] and undisturbed["programs"] == 400
    assert undisturbed["evaluated"] + undisturbed["cache_hits"] == 381
    assert undisturbed["best"]["fitness"] > 0.05 > undisturbed["initial"]["fitness"] == 0
    assert sum(undisturbed["outcomes"].values()) == undisturbed["evaluated"]


def test_killed_drivers_and_workers_leave_a_run_that_ends_the_same(config, undisturbed, tmp_path):
    """Kill a run that scores in its process, and finish it with two workers."""
    rng = random.Random(0)
    process = start("search", config, "--out", tmp_path, "--workers", 0)
    # The first stop is before the first program is recorded.
    for stop in (0, 21, 60):
        wait_for(tmp_path, stop, process) if stop else time.sleep(2.5)
        time.sleep(rng.random() / 5)
        process.kill()
        process.communicate()
        if not (tmp_path / "run.sqlite").exists():
            process = start("search", config, "--out", tmp_path, "--workers", 0)
        else:
            process = start("resume", tmp_path, "--workers", 0)
    process.kill()
    process.communicate()
    process = start("resume", tmp_path, "--workers", 2)
    wait_for(tmp_path, num_programs(tmp_path) + 20, process)
    worker, *_ = workers_of(process.pid)
    os.kill(worker, signal.SIGKILL)
    out, err = process.communicate(timeout=240)
    assert process.returncode == 0, err
    resumed = summary(tmp_path)
    for key in ("history_digest", "programs", "evaluated", "cache_hits", "redundant_share"):
        assert resumed[key] == undisturbed[key]
    log = [json.loads(line) for line in (tmp_path / "run.log.jsonl").read_text().splitlines()]
    assert {"started", "resumed"} <= {line["event"] for line in log} and log[-1]["event"] == "ended"
    # The worker may have been scoring a candidate, or the reference as it started.
    replaced = [line for line in log if line["event"] == "worker_replaced"]
    assert {line["reason"] for line in replaced} == {"crashed"}


def workers_of(pid):
    """Return the worker processes below a process."""
    parents, workers = {}, []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            name, _, rest = stat.read_text().partition(" (")[2].rpartition(") ")
        except OSError:
            continue
        child = int(stat.parent.name)
        parents[child] = int(rest.split()[1])
        if name == NAME:
            workers.append(child)

    def is_below(child):
        while child and child != pid:
            child = parents.get(child, 0)
        return child == pid

    return [worker for worker in workers if is_below(worker)]


def test_interrupt_says_how_to_continue_and_a_second_process_is_refused(
    config, undisturbed, tmp_path
):
    """Interrupt a run that is too long to end; its first programs are those of the short run."""
    longer = ("--set", "num_programs=100000")
    process = start("search", config, "--out", tmp_path, "--workers", 0, *longer)
    wait_for(tmp_path, 50, process)
    # A stopped process keeps its lock.
    process.send_signal(signal.SIGSTOP)
    second = start("resume", tmp_path, "--workers", 0)
    _, err = second.communicate(timeout=60)
    assert second.returncode == 2
    assert err == f"lionhunt: another process is running {tmp_path}; wait for it or stop it\n"
    interrupt(process, tmp_path)
    process = start("resume", tmp_path, "--workers", 0)
    wait_for(tmp_path, max(400, num_programs(tmp_path) + 20), process)
    interrupt(process, tmp_path, signal.SIGHUP)
    with (
        RunStore.open_to_read(Path(undisturbed["run"])) as expected,
        RunStore.open_to_read(tmp_path) as run,
    ):
        assert list(run.rows())[:400] == list(expected.rows())


def interrupt(process, folder, number=signal.SIGINT):
    """Interrupt a process as Ctrl-C does, or as a terminal does that is closed."""
    process.send_signal(number)
    process.send_signal(signal.SIGCONT)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert err == f"lionhunt: stopped; continue with: lionhunt resume {folder}\n"
