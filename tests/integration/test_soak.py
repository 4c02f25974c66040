"""Checks of the soak test, on a run of the command line; `make soak` runs the soak itself."""

import os
import random
import signal
import time

import pytest

from lionhunt.search.driver import scoring
from lionhunt.search.storage.run_store import RunStore
from tests.soak import faults, finished_run, processes, soak
from tests.soak.driver import Driver, SoakError
from tests.support.search.runs import start_formula_pool

CONFIG = """
num_programs = 40
evolution = {population_size = 10, tournament_size = 3, lag = 6}
tasks = [{kind = "digits_mlp", num_steps = 5, batch_size = 4, width = 4}]
"""


def test_what_the_command_leaves_of_a_run_is_no_leftover(invoke_cli, tmp_path, monkeypatch):
    (tmp_path / "small.toml").write_text(CONFIG)
    folder = tmp_path / "run"
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    assert invoke_cli("search", tmp_path / "small.toml", "--out", folder)[0] == 0
    assert (folder / "run.log.jsonl").exists()
    digest = finished_run.history_digest(folder)
    assert finished_run.check_finished(folder, digest) == 40
    with pytest.raises(SoakError, match="another history"):
        finished_run.check_finished(folder, "0")
    with RunStore.open_to_write(folder), pytest.raises(SoakError, match="lock was left"):
        finished_run.check_finished(folder, digest)
    (folder / "run.new").touch()
    with pytest.raises(SoakError, match="left behind: {'run.new'}"):
        finished_run.check_finished(folder, digest)


@pytest.fixture
def rounds(tmp_path):
    return soak.Soak(tmp_path, random.Random(0))


def test_fault_that_finds_nothing_to_befall_does_not_count(rounds, finished_run_dir, tmp_path):
    driver = Driver(["-c", ""], finished_run_dir, tmp_path / "log")
    driver.expect(0, "")
    names = [fault.__name__ for fault in faults.FAULTS]
    for _ in names + names:
        assert not rounds._inject(driver)
    assert not any(rounds.summary.injected.values()) and not any(rounds.summary.survived.values())
    assert [rounds.summary.missed[name] for name in names] == [2] * len(names)


def test_fault_that_finds_something_counts(rounds, tmp_path, monkeypatch):
    driver = Driver(["-c", "import time; time.sleep(60)"], tmp_path, tmp_path / "log")
    monkeypatch.setattr(soak, "FAULTS", [faults.kill_driver])
    assert not rounds._inject(driver)
    assert driver.status() == -signal.SIGKILL
    assert rounds.summary.survived["kill_driver"] == rounds.summary.injected["kill_driver"] == 1


def test_wall_clock_of_a_driver_is_set(tmp_path):
    wait = "import time; start = time.time()\nwhile time.time() < start + 9e5: time.sleep(0.01)"
    driver = Driver(["-c", wait], tmp_path, tmp_path / "log")
    assert driver.status() is None
    time.sleep(0.2)
    driver.set_clock(1e6)
    driver.expect(0, "")


def test_what_is_left_at_the_end_is_a_failure(rounds):
    (me,) = [each for each in processes.below(os.getppid()) if each.pid == os.getpid()]
    # Another process of the same number.
    gone = me._replace(started=me.started + 1)
    long_ago = time.monotonic() - 1e6
    rounds._ended = [(long_ago, me), (long_ago, gone), (time.monotonic(), me)]
    rounds._note_orphans()
    assert rounds.summary.failures == [f"orphan: {me}"] and len(rounds._ended) == 1
    rounds.check_left(set())
    assert len(rounds.summary.failures) == 1
    rounds.check_left({"plasma"})
    assert len(rounds.summary.failures) == 2
    assert "Failures: 2." in rounds.summary.to_table() and rounds.summary.to_json()
