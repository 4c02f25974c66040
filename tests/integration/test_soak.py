"""What the soak looks at, held to a run of the command line; the soak itself is `make soak`."""

import importlib
import os
import random
import signal
import time
from pathlib import Path

import pytest

from lionhunt.search.cli import run as run_command
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import start_formula_pool

SOAK = Path(__file__).parents[1] / "soak"
CONFIG = """
num_programs = 40
evolution = {population_size = 10, tournament_size = 3, lag = 6}
tasks = [{kind = "digits_mlp", num_steps = 5, batch_size = 4, width = 4}]
"""


@pytest.fixture
def load(monkeypatch):
    """A module of the soak, by name."""
    monkeypatch.syspath_prepend(SOAK)
    return importlib.import_module


def test_what_the_command_leaves_of_a_run_is_no_leftover(load, lionhunt, tmp_path, monkeypatch):
    check = load("finished_run")
    soak_error = load("driver").SoakError
    (tmp_path / "small.toml").write_text(CONFIG)
    folder = tmp_path / "run"
    monkeypatch.setattr(run_command, "start_pool", start_formula_pool())
    assert lionhunt("search", tmp_path / "small.toml", "--out", folder)[0] == 0
    assert (folder / "run.log.jsonl").exists()
    digest = check.history_digest(folder)
    assert check.check_finished(folder, digest) == 40
    with pytest.raises(soak_error, match="another history"):
        check.check_finished(folder, "0")
    with RunStore.open_to_write(folder), pytest.raises(soak_error, match="lock was left"):
        check.check_finished(folder, digest)
    (folder / "run.new").touch()
    with pytest.raises(soak_error, match="left behind: {'run.new'}"):
        check.check_finished(folder, digest)


@pytest.fixture
def soak(load, tmp_path):
    return load("soak").Soak(tmp_path, random.Random(0))


def test_fault_that_finds_nothing_to_befall_does_not_count(load, soak, run, tmp_path):
    driver = load("driver").Driver(["-c", ""], run, tmp_path / "log")
    driver.expect(0, "")
    names = [fault.__name__ for fault in load("faults").FAULTS]
    for _ in names + names:
        assert not soak._inject(driver)
    assert not any(soak.summary.injected.values()) and not any(soak.summary.survived.values())
    assert [soak.summary.missed[name] for name in names] == [2] * len(names)


def test_fault_that_finds_something_counts(load, soak, tmp_path, monkeypatch):
    driver = load("driver").Driver(
        ["-c", "import time; time.sleep(60)"], tmp_path, tmp_path / "log"
    )
    monkeypatch.setattr(load("soak"), "FAULTS", [load("faults").kill_driver])
    assert not soak._inject(driver)
    assert driver.status() == -signal.SIGKILL
    assert soak.summary.survived["kill_driver"] == soak.summary.injected["kill_driver"] == 1


def test_wall_clock_of_a_driver_is_set(load, tmp_path):
    wait = "import time; start = time.time()\nwhile time.time() < start + 9e5: time.sleep(0.01)"
    driver = load("driver").Driver(["-c", wait], tmp_path, tmp_path / "log")
    assert driver.status() is None
    time.sleep(0.2)
    driver.set_clock(1e6)
    driver.expect(0, "", 20.0)


def test_what_is_left_at_the_end_is_a_failure(load, soak):
    (me,) = [each for each in load("processes").below(os.getppid()) if each.pid == os.getpid()]
    gone = me._replace(started=me.started + 1)  # another, of the same number
    long_ago = time.monotonic() - 1e6
    soak._ended = [(long_ago, me), (long_ago, gone), (time.monotonic(), me)]
    soak._note_orphans()
    assert soak.summary.failures == [f"orphan: {me}"] and len(soak._ended) == 1
    soak.summary.num_killed = 1
    soak.check_left([Path("session_1")], set())
    assert len(soak.summary.failures) == 1
    soak.check_left([Path("session_1"), Path("session_2")], {"plasma"})
    assert len(soak.summary.failures) == 3
    assert "Failures: 3." in soak.summary.to_table() and soak.summary.to_json()
