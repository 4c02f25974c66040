"""Weights & Biases and MLflow by their own offline modes: a resumed run continues its record."""

import json
import subprocess
import sys
from typing import Any

import pytest

from lionhunt.search.driver.config import RunConfig
from lionhunt.search.errors import ConfigError
from lionhunt.search.trackers import tracker_names, tracking
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import config

TOML = """
num_programs = 20
[evolution]
population_size = 10
[[tasks]]
kind = "digits_mlp"
num_steps = 5
"""
# A run of 120 programs in two sessions, of which the first is stopped after 50 programs.
SESSION = """
import sys
from pathlib import Path
from lionhunt.search.api import searches
from lionhunt.search.driver import scoring
from tests.support.search.runs import create, start_formula_pool

scoring.start_pool = start_formula_pool()
folder, tool, stop = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3])
if not folder.exists():
    with create(folder, observability={tool: True}):
        pass
searches.resume(folder, on_progress=lambda progress: progress.num_programs >= stop)
"""


def run_sessions(folder, tool, environment, monkeypatch):
    """Run a search in two sessions, each in a process of its own, and return the tool's name."""
    for name, value in environment.items():
        monkeypatch.setenv(name, str(value))
    names = []
    for stop in (50, 1000):
        words = [sys.executable, "-W", "ignore", "-c", SESSION, str(folder), tool, str(stop)]
        subprocess.run(words, check=True, timeout=300)
        names.append(tracker_names.recall(folder, tool))
    assert names[0] == names[1] is not None
    assert "_failed" not in (folder / "run.log.jsonl").read_text()
    return names[0]


def test_mlflow_has_one_run(tmp_path, monkeypatch):
    store = f"sqlite:///{tmp_path / 'mlflow.db'}"
    # A session needs an SQLite store, whose packages are no part of mlflow-skinny.
    name = run_sessions(tmp_path / "run", "mlflow", {"MLFLOW_TRACKING_URI": store}, monkeypatch)
    code = f"""
import json, mlflow
client = mlflow.MlflowClient({store!r})
(run,) = client.search_runs([client.get_experiment_by_name("lionhunt").experiment_id])
points = client.get_metric_history(run.info.run_id, "best_fitness")
info = run.info
print(json.dumps([info.run_id, info.status, run.data.params, [point.step for point in points]]))
"""
    words = [sys.executable, "-W", "ignore", "-c", code]
    found = subprocess.run(words, check=True, capture_output=True, timeout=120).stdout
    run_id, status, params, steps = json.loads(found.splitlines()[-1])
    assert (run_id, status) == (name, "FINISHED")
    assert params["evolution.population_size"] == "10" and params["tasks.0.kind"] == "digits_mlp"
    assert steps == sorted(set(steps)) and steps[0] <= 20 and steps[-1] == 120
    assert any(step > 60 for step in steps) and any(step <= 50 for step in steps)


def test_wandb_has_one_run(tmp_path, monkeypatch):
    name = run_sessions(tmp_path / "run", "wandb", {"WANDB_MODE": "offline"}, monkeypatch)
    files = sorted((tmp_path / "run" / "wandb").glob(f"offline-run-*-{name}/run-{name}.wandb"))
    assert len(files) == 2
    steps = [step for file in files for step in read_steps(file)]
    assert steps == sorted(set(steps)) and steps[-1] == 120 and len(steps) > 10


def read_steps(file):
    """Return the numbers of programs of the points of a file of wandb."""
    from wandb.proto import wandb_internal_pb2

    record_type: Any = wandb_internal_pb2
    steps = []
    for data in read_log(file.read_bytes()):
        record = record_type.Record.FromString(data)
        for item in record.history.item:
            if (item.key or item.nested_key[0]) == "programs":
                steps.append(json.loads(item.value_json))
    return steps


def read_log(content):
    """Yield the records of a log of LevelDB, whose first 7 bytes are wandb's."""
    # https://github.com/google/leveldb/blob/main/doc/log_format.md
    block, header, place, record = 32_768, 7, 7, b""
    while place + header <= len(content):
        if block - place % block < header:
            place += block - place % block
            continue
        length = int.from_bytes(content[place + 4 : place + 6], "little")
        kind = content[place + 6]
        record += content[place + header : place + header + length]
        place += header + length
        # 1 is a whole record, and 4 the last part of one.
        if kind in (1, 4):
            yield record
            record = b""


@pytest.mark.parametrize("tool", tracking.TOOLS)
def test_missing_package_ends_a_run_in_one_line_before_it_begins(
    invoke_cli, tmp_path, monkeypatch, tool
):
    monkeypatch.setattr(tracking.importlib.util, "find_spec", lambda name: None)
    file = tmp_path / "small.toml"
    file.write_text(TOML)
    words = ("search", file, "--out", tmp_path / "run")
    status, out, err = invoke_cli(*words, "--set", f"observability.{tool}=true")
    assert status == 2 and is_one_line(err) and f"pip install lionhunt[{tool}]" in err
    assert list(tmp_path.iterdir()) == [file]


def test_wandb_without_an_account_ends_a_run_before_it_begins(monkeypatch):
    import wandb

    class Online:
        settings = type("Settings", (), {"mode": "online"})

    monkeypatch.setattr(wandb, "setup", Online)
    monkeypatch.setattr(wandb, "api", type("Api", (), {"api_key": None}))
    asked: RunConfig = config(observability={"wandb": True})
    with pytest.raises(ConfigError, match="wandb login"):
        tracking.require_trackers(asked)


@pytest.mark.parametrize("text", ["", "[]", "{", '{"wandb": 7}', '{"wandb": "../x"}', "[" * 5000])
def test_names_of_a_stranger_are_none(tmp_path, text):
    (tmp_path / tracker_names.FILE).write_text(text)
    assert tracker_names.recall(tmp_path, "wandb") is None
    tracker_names.keep(tmp_path, "mlflow", "abc")
    assert tracker_names.recall(tmp_path, "mlflow") == "abc"
