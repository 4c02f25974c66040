"""Simplifications in the background: their progress, their result, and their errors."""

import sys
import time

import pytest

import lionhunt
from lionhunt.errors import LionhuntError
from lionhunt.search.server import simplifications
from lionhunt.search.server.simplifications import JobState, Simplifications, answer
from tests.support.search.served import HOME, served


def wait_for(job, seconds=60):
    end = time.monotonic() + seconds
    while not job.is_last and time.monotonic() < end:
        time.sleep(0.05)
    return job.state


def test_button_leads_to_the_result(finished_run_dir):
    with served(finished_run_dir.parent) as client:
        name = finished_run_dir.name
        best = lionhunt.load(finished_run_dir).best
        assert best is not None
        answered = client.post(f"/simplify/{best.index}/{name}", headers={"Origin": HOME})
        assert answered.status_code == 303
        address = answered.headers["location"]
        found = {"is_last": False, "parts": {}}
        while not found["is_last"]:
            time.sleep(0.05)
            found = client.get(f"/live{address}").json()
        wanted = best.simplify(exact_only=True).program.text
        for line in wanted.splitlines():
            assert line in found["parts"]["job"]
        assert "done" in client.get(address).text


def test_errors_of_the_command_are_shown(tmp_path):
    with Simplifications() as jobs:
        job = jobs.start("nothing", tmp_path / "nothing", 1, exact_only=True)
        assert wait_for(job) is JobState.FAILED and "no run" in job.line
    with pytest.raises(LionhuntError, match="no program"):
        answer("classify", "nothing", "--json")


def test_progress_is_shown_and_the_end_stops_it(tmp_path, monkeypatch):
    code = "import sys, time; print('half done', file=sys.stderr, flush=True); time.sleep(60)"
    monkeypatch.setattr(simplifications, "COMMAND", (sys.executable, "-c", code))
    with Simplifications() as jobs:
        job = jobs.start("a", tmp_path, 1, exact_only=True)
        assert jobs.start("a", tmp_path, 1, exact_only=True) is job
        waiting = jobs.start("a", tmp_path, 2, exact_only=True)
        while not job.line:
            time.sleep(0.02)
        assert job.line == "half done" and job.state is JobState.RUNNING
        assert waiting.state is JobState.WAITING
    assert wait_for(job, 10) is JobState.FAILED
