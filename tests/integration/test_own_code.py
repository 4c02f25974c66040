"""A fitness and a mutation from files that nobody prepared: workers, SIGKILL, and an edit."""

import contextlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time

import pytest

import lionhunt
from lionhunt.search.driver import scoring
from tests.support.search.command_line import is_one_line
from tests.support.search.own_code import write_own_code
from tests.support.search.runs import start_formula_pool

CONFIG = """
num_programs = 90

[evolution]
population_size = 10
tournament_size = 3
lag = 6

[evaluation]
fitness = "./own_fitness.py:combine"

[mutation]
extra = ["./own_mutation.py:graft"]
extra_weights = [2.0]
crossover = 1.0

[[tasks]]
kind = "digits_mlp"
num_steps = 20
batch_size = 4
width = 4
target_loss = 2.0
"""


@pytest.fixture
def config(tmp_path):
    write_own_code(tmp_path)
    (tmp_path / "own.toml").write_text(CONFIG)
    return tmp_path / "own.toml"


def count(file):
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection,
    ):
        return connection.execute("SELECT count(*) FROM individuals").fetchone()[0]
    return 0


def test_history_is_the_same_with_workers_and_after_a_kill(config, tmp_path):
    expected = lionhunt.run(config, out=tmp_path / "in-process", workers=0)
    assert expected.summary()["invalid_mutants"]["own_mutation.graft"] > 0
    folder = tmp_path / "killed"
    words = ["search", config.name, "--out", folder.name, "--workers", "2"]
    main = "from lionhunt.search.cli.__main__ import main; main()"
    driver = subprocess.Popen(
        [sys.executable, "-c", main, *words], cwd=tmp_path, stdout=subprocess.DEVNULL
    )
    while count(folder / "run.sqlite") < 30 and driver.poll() is None:
        time.sleep(0.05)
    os.kill(driver.pid, signal.SIGKILL)
    assert driver.wait() == -signal.SIGKILL
    resumed = lionhunt.resume(folder, workers=1)
    assert resumed.history_digest == expected.history_digest


@pytest.mark.parametrize("name", ["own_fitness.py", "own_mutation.py", "helper.py"])
def test_resume_after_an_edit_is_refused_in_one_line(name, config, invoke_cli, monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    folder = config.parent / "run"
    lionhunt.run(config, out=folder, on_progress=lambda progress: progress.num_programs > 20)
    with (config.parent / name).open("a") as file:
        file.write("\n# an edit\n")
    status, _, err = invoke_cli("resume", folder)
    assert status == 2 and is_one_line(err)
    assert f"{config.parent / name} has changed since" in err
    assert err.endswith(f"with: lionhunt resume {folder} --rescore --allow-code\n")
    # It can be read, and scored again.
    assert invoke_cli("show", folder)[0] == 0
    assert invoke_cli("resume", folder, "--rescore", "--allow-code")[0] == 0
    assert lionhunt.load(f"{folder}-rescored").is_complete


def test_show_names_the_function_and_the_invalid_mutants(config, invoke_cli, monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    folder = config.parent / "run"
    run = lionhunt.run(config, out=folder)
    (config.parent / "own_fitness.py").unlink()
    status, out, err = invoke_cli("show", folder)
    assert (status, err) == (0, "")
    ((name, number),) = run.summary()["invalid_mutants"].items()
    assert "fitness (own_fitness.combine)" in out and f"{number} {name}" in " ".join(out.split())
    crossed = run.query("SELECT \"index\" FROM individuals WHERE mutation = 'crossover'")
    status, out, _ = invoke_cli("show", f"{folder}:{crossed[0]['index']}", "--json")
    assert status == 0 and json.loads(out)["second_parent"] is not None


def test_fault_in_a_file_is_one_line_before_any_worker_starts(config, invoke_cli):
    (config.parent / "own_fitness.py").write_text("def combine(a, b):\n    return 1\n")
    status, _, err = invoke_cli("search", config, "--out", config.parent / "run")
    assert status == 2 and is_one_line(err) and "must take (evaluated), not (a, b)" in err
    assert not (config.parent / "run").exists()
