"""Searches on a user's task: the same history anywhere, after a kill, and faults as outcomes."""

# pyright: reportOptionalMemberAccess=false, reportOptionalOperand=false

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

import lionhunt
from lionhunt.search.api.configs import resolve_config
from lionhunt.search.api.searches import rescore
from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.comparison.setup import PreparedComparison
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.environment import differences
from lionhunt.search.errors import RecordError, SourceError
from lionhunt.search.user_code import given, loading
from lionhunt.search.user_code.loading import load
from tests.support.search.own_tasks import FAULTY, PARABOLA, write_config, write_task

COMMAND = [sys.executable, "-m", "lionhunt.search.cli"]


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """Give each test a user of its own, who has not run anything."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Enter a folder with the file of a task and a config."""
    write_task(tmp_path)
    write_config(tmp_path, "./own_task.py:Parabola", size=4)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def stopped(config, out):
    """Return a run that ended early."""
    return lionhunt.run(config, out=out, on_progress=lambda progress: progress.num_programs >= 15)


@pytest.mark.slow
def test_history_is_the_same_with_workers_and_after_a_kill(folder):
    whole = lionhunt.run("own.toml", out="whole")
    assert whole.is_complete and whole.best.fitness >= 0
    started = [*COMMAND, "search", "own.toml", "--out", "killed", "--workers", "2"]
    process = subprocess.Popen(started, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if len(lionhunt.load("killed").programs()) > 12:
                break
        except lionhunt.LionhuntError:
            pass
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    one = lionhunt.resume("killed", workers=1)
    assert one.is_complete and one.history_digest == whole.history_digest


def test_readers_execute_nothing(folder, invoke_cli, monkeypatch):
    run = stopped("own.toml", "run")
    (folder / "own_task.py").write_text("raise SystemExit('executed')")
    monkeypatch.setattr(loading, "_files", {})
    for words in (
        ["show", "run"],
        ["show", "run", "--json"],
        ["show", "run:best"],
        ["query", "run", "SELECT count(*) FROM individuals"],
        ["export-run", "run", "--to", "csv", "--out", "run.csv"],
        ["classify", "run"],
        ["export", "run:best", "--to", "optax", "--out", "best.py"],
    ):
        status, out, err = invoke_cli(*words)
        assert status == 0 and "executed" not in out + err, words
    assert run.config.tasks[0].name == "Parabola" and run.summary()["tasks"]
    with pytest.raises(SourceError, match="executed"):
        run.config.tasks[0].build()


def reasons(run) -> dict[str, int]:
    rows = run.query("SELECT reason, count(*) AS n FROM outcomes GROUP BY reason")
    return {row["reason"]: row["n"] for row in rows}


def test_an_edit_is_refused_with_the_file(folder):
    run = stopped("own.toml", "run")
    file = folder / "own_task.py"
    (recorded,) = run.query("SELECT count(*) AS n FROM individuals")
    file.write_text(PARABOLA.replace('["w"] ** 2', '["w"] ** 4'))
    with pytest.raises(RecordError, match=f"^{file} has changed since run began; undo") as caught:
        lionhunt.resume("run")
    assert len(str(caught.value).splitlines()) == 1
    with pytest.raises(RecordError, match="with which no search of yours began"):
        rescore("run", out="anew")
    anew = rescore("run", out="anew", allow_code=True)
    assert anew.is_complete and (recorded,) == tuple(
        run.query("SELECT count(*) AS n FROM individuals")
    )
    file.write_text(PARABOLA)
    whole = lionhunt.resume("run")
    assert whole.is_complete and whole.history_digest != anew.history_digest
    # Without any file there is nothing to execute, and the run is complete.
    file.unlink()
    assert lionhunt.resume("run").history_digest == whole.history_digest


def test_a_missing_file_is_one_line(folder):
    stopped("own.toml", "run")
    (folder / "own_task.py").unlink()
    with pytest.raises(SourceError, match="cannot read .*own_task.py"):
        lionhunt.resume("run")


def test_code_that_somebody_else_sent_is_not_executed(folder, monkeypatch, invoke_cli):
    stopped("own.toml", "run")
    monkeypatch.setenv("XDG_CACHE_HOME", str(folder / "of another user"))
    monkeypatch.setattr(loading, "_files", {})
    monkeypatch.setattr(loading, "_import_file", lambda path: pytest.fail("executed"))
    for words in (["resume", "run"], ["resume", "run", "--rescore", "--out", "new"]):
        status, _, err = invoke_cli(*words)
        assert status == 2 and "own_task.py, with which no search of yours began" in err
        assert "allow it with: lionhunt resume ./run --allow-code" in err
    monkeypatch.undo()
    monkeypatch.chdir(folder)
    assert lionhunt.resume("run", allow_code=True).is_complete


def test_other_data_is_refused(folder):
    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    np.savez("data.npz", x=x, y=x[:, 0])
    write_config(folder, "arrays", path="data.npz", width=4, num_steps=20)
    stopped("own.toml", "run")
    np.savez("data.npz", x=x, y=x[:, 1])
    with pytest.raises(RecordError, match="task arrays has other data than when run began"):
        lionhunt.resume("run")
    np.savez("data.npz", x=x, y=x[:, 0])
    assert lionhunt.resume("run").is_complete


def test_objects_of_a_notebook(folder, monkeypatch):
    task = load("own_task.py:Parabola").value(size=4).build()
    config = resolve_config("own.toml", RunConfig).config
    run = lionhunt.run(
        config,
        out="given",
        tasks=[task],
        on_progress=lambda progress: progress.num_programs >= 15,
    )
    monkeypatch.setattr(given, "_given", {})
    with pytest.raises(SourceError, match="task task was given as a Python object"):
        lionhunt.resume("given")
    other = load("own_task.py:Parabola").value(size=5).build()
    with pytest.raises(SourceError, match=r"does not have \(it was given "):
        lionhunt.resume("given", tasks=[other])
    finished = lionhunt.resume(run, tasks=[task], workers=1)
    assert finished.is_complete


def test_compare_and_select_name_a_file_that_changed(folder):
    """Look at the descriptions alone, which decide whether an experiment continues."""
    raw = {"tasks": [{"kind": f"{folder}/own_task.py:Parabola"}]}
    raw |= {"optimizers": [{"program": "lion", "learning_rate": 0.01, "weight_decay": 0.0}]}
    before, after = {}, {}
    for found in (before, after):
        config = resolve_config(raw, CompareConfig).config
        found |= PreparedComparison("a", config).identity()
        (folder / "own_task.py").write_text(PARABOLA.replace("0.1", "0.2"))
    assert next(differences(before, after)).startswith(f"sources.{folder}/own_task.py is ")
    (task,) = PreparedComparison("a", config).tasks
    assert (task.name, task.kind, task.batch_size) == ("Parabola", "Parabola", 8)


@pytest.mark.parametrize(
    "how, said",
    [
        ("build", "lionhunt: task Faulty: build raised ValueError: nothing (own_task.py, line "),
        ("array", "lionhunt: task Faulty: loss must be a float, shape=(); it is float32"),
        ("nan", "lionhunt: the initial program does not train on the tasks (not_finite)"),
        ("raises later", "lionhunt: task Faulty: a callback raised RuntimeError: the candidate"),
    ],
)
def test_faults_of_every_candidate_end_the_run_in_one_line(tmp_path, invoke_cli, how, said):
    config = write_config(tmp_path, write_task(tmp_path, FAULTY), how=how)
    status, _, err = invoke_cli("search", config, "--out", tmp_path / "run")
    assert status == 2 and err.startswith(said), err
    assert len(err.splitlines()) == 1 and not (tmp_path / "run").exists()


def run_faulty(folder, how, workers):
    """Run a search on a task that does something beside training."""
    config = write_config(folder, write_task(folder, FAULTY), how=how)
    limits = {"evaluation.candidate_seconds": 20.0}
    run = lionhunt.run(config, out=how, workers=workers, settings=limits)
    assert run.is_complete and not {"raised", "timed_out"} & set(reasons(run))
    return run


def test_what_a_task_does_beside_training_changes_nothing(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    digests = {run_faulty(tmp_path, how, 0).history_digest for how in ("prints", "forks")}
    assert len(digests) == 1


@pytest.mark.slow
def test_one_fault_of_a_task_is_nobodys_outcome(tmp_path, monkeypatch):
    """Let a worker raise, hang and run out of memory; the candidate is innocent."""
    monkeypatch.chdir(tmp_path)
    expected = run_faulty(tmp_path, "prints", 0).history_digest
    assert run_faulty(tmp_path, "misbehaves", 1).history_digest == expected
    assert len(list(tmp_path.glob("done *"))) == 3
