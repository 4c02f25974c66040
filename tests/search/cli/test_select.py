"""The command `lionhunt select`: output, report, refusals, and one small real selection."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib import image
from matplotlib.lines import Line2D

from lionhunt import dsl
from lionhunt.search.errors import RecordError
from lionhunt.search.selection import loop
from lionhunt.search.selection.figures import meta_figure
from lionhunt.search.selection.store import SelectionStore
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import FormulaPool, advance, create
from tests.support.search.selections import make_pool, plant_run

CONFIG = """
seed = 2
beats = "mean"
[[baselines]]
program = "adamw_initial"
[[stages]]
num_candidates = 3
num_tuning_seeds = 1
num_final_seeds = 3
tuning = { learning_rates = [1.0, 0.5], num_variations = 1 }
[[stages.tasks]]
kind = "digits_mlp"
num_steps = 5
batch_size = 4
width = 4
[[stages]]
num_candidates = 2
num_tuning_seeds = 1
num_final_seeds = 2
tuning = { learning_rates = [1.0], num_variations = 1 }
[[stages.tasks]]
kind = "stdlib_lm"
num_steps = 5
batch_size = 2
width = 4
num_layers = 1
length = 4
num_validation = 8
[meta_validation]
num_checkpoints = 3
num_seeds = 2
"""


@pytest.fixture(scope="module")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "select_small.toml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Return the folders of two finished runs that a formula scored."""
    folders = [tmp_path_factory.mktemp("run") for _ in range(2)]
    for seed, folder in enumerate(folders):
        with create(folder, seed=seed) as records:
            advance(records, FormulaPool())
    return folders


@pytest.fixture
def formula(monkeypatch):
    """Replace training by scores from a formula."""
    monkeypatch.setattr(loop, "open_pools", lambda *_: make_pool())


@pytest.fixture
def finished(invoke_cli, formula, config, runs, tmp_path):
    """Return the words of a command and its output."""
    words = ["select", *runs, "--config", config, "--out", tmp_path / "s"]
    status, out, err = invoke_cli(*words)
    assert (status, err) == (0, "")
    return words, out


def test_tables_winners_and_commands_are_printed(finished, runs, tmp_path, invoke_cli):
    words, out = finished
    found = json.loads((tmp_path / "s" / "report.json").read_text())
    assert len(found["stages"]) == 2 and found["winners"]
    titles = ("stage 1: digits_mlp; the threshold is ", "stage 2: stdlib_lm", "meta-overfitting")
    for text in titles:
        assert text in out
    for number, winner in enumerate(found["winners"], start=1):
        file = tmp_path / "s" / f"selected_{number}.txt"
        assert f"lionhunt show {winner['name']}" in out
        assert f"lionhunt export {file} --to optax" in out
        shown = json.loads(invoke_cli("show", file, "--json")[1])
        assert shown["program"] == winner["tuned"]
    assert not (tmp_path / "s" / f"selected_{len(found['winners']) + 1}.txt").exists()


def test_report_has_every_contender_of_every_stage(finished, tmp_path):
    report = (tmp_path / "s" / "report.md").read_text()
    found = json.loads((tmp_path / "s" / "report.json").read_text())
    for stage in found["stages"]:
        section = report.partition(f"## {stage['name']}: ")[2].partition("\n## ")[0]
        lines = [line for line in section.splitlines() if line.startswith("| ")][2:]
        names = [line.split(" | ")[0].removeprefix("| ") for line in lines]
        assert names == [contender["name"] for contender in stage["contenders"]]
        fitness = [c["final"]["fitness"] for c in stage["contenders"]]
        means = [f["mean"] for f in fitness if f is not None]
        assert means == sorted(means, reverse=True)
    assert "![Search fitness" in report and found["digest"] in report


def test_the_same_command_again_measures_nothing_and_says_the_same(
    finished, invoke_cli, monkeypatch, tmp_path
):
    words, out = finished
    files = [path for path in (tmp_path / "s").iterdir() if path.suffix not in (".sqlite", ".lock")]
    written = [path.read_bytes() for path in files]
    monkeypatch.setattr(loop, "open_pools", lambda *_: pytest.fail)
    assert invoke_cli(*words) == (0, out, "")
    assert [path.read_bytes() for path in files] == written
    assert {path.suffix for path in files} == {".md", ".json", ".png", ".svg", ".txt"}


def test_json_is_the_report_and_progress_is_elsewhere(finished, invoke_cli, tmp_path):
    words, _ = finished
    status, out, err = invoke_cli(*words, "--json")
    assert status == 0 and "candidates" in err
    assert json.loads(out) == json.loads((tmp_path / "s" / "report.json").read_text())


def test_plot_shows_every_point_of_every_run(finished, tmp_path):
    found = json.loads((tmp_path / "s" / "report.json").read_text())["meta_validation"]
    figure = meta_figure(found)
    upper, lower = figure.axes
    for run, line in zip(found["runs"], upper.lines, strict=False):
        assert line.get_label() == run["run"]
        expected = [
            (100 * point["progress"], 100 * point["search_fitness"]) for point in run["points"]
        ]
        np.testing.assert_allclose(np.asarray(line.get_xydata(), float), expected)
    assert len({(line.get_linestyle(), line.get_marker()) for line in upper.lines[:2]}) == 2
    for run, container in zip(found["runs"], lower.containers, strict=True):
        intervals = [point["meta_validation"] or {"mean": np.nan} for point in run["points"]]
        expected = [100 * interval["mean"] for interval in intervals]
        line = container.get_children()[0]
        assert isinstance(line, Line2D)
        np.testing.assert_allclose(np.asarray(line.get_ydata(), float), expected)
    (legend,) = figure.legends
    texts = [text.get_text() for text in legend.get_texts()]
    assert texts == [f"{run['run']}: {run['verdict']}" for run in found["runs"]]
    for axes in (upper, lower):
        assert "%" in axes.get_ylabel()
    assert "%" in lower.get_xlabel()


def test_plot_files_hold_a_picture(finished, tmp_path):
    pixels = image.imread(tmp_path / "s" / "meta_overfitting.png")
    assert min(pixels.shape[:2]) > 500 and pixels.std() > 0.05
    root = ElementTree.parse(tmp_path / "s" / "meta_overfitting.svg").getroot()
    assert len(list(root.iter("{http://www.w3.org/2000/svg}path"))) > 20


def test_nobody_beats_the_threshold_is_said(invoke_cli, formula, config, tmp_path):
    run = plant_run(tmp_path / "run", [(dsl.library.load("adamw_initial"), 0.0)])
    words = ["select", run, "--config", config, "--out", tmp_path / "s", "--set", "beats=interval"]
    status, out, _ = invoke_cli(*words)
    assert status == 0 and "no candidate beat the threshold of stage 1; not run: stage 2" in out
    assert json.loads((tmp_path / "s" / "report.json").read_text())["winners"] == []


@pytest.mark.parametrize(
    "words, message",
    [
        (["{run}"], "Missing option '--config'"),
        (["--config", "{config}"], "Missing argument"),
        (["{run}", "--config", "none.toml"], "cannot read none.toml"),
        (["{run}", "--config", "{run_config}"], "run.toml: stages: missing; add it"),
        (["{run}", "--config", "{config}", "--set", "stages.0.foo=1"], "foo: unknown key"),
        (["none", "--config", "{config}"], "no run at none"),
        (["{garbage}", "--config", "{config}"], "is not a run of lionhunt"),
        (["{run}", "{run}", "--config", "{config}"], "is given twice"),
        (["{run}", "--config", "{config}", "--out", "garbage"], "cannot make garbage"),
        (["{run}", "--config", "{config}", "--set", "baselines=[{{program='no'}}]"], "no program"),
        (["{run}", "--config", "{config}", "--out", "{other}"], "is not a selection of lionhunt"),
    ],
)
def test_bad_input_is_one_line_and_harms_nothing(
    invoke_cli, formula, config, runs, tmp_path, monkeypatch, words, message
):
    (tmp_path / "garbage").write_bytes(b"\x00\xff")
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "selection.sqlite").write_bytes(b"mine")
    (tmp_path / "run.toml").write_text("num_programs = 5")
    monkeypatch.chdir(tmp_path)
    places = {"run": runs[0], "config": config, "garbage": "garbage", "other": "other"}
    status, _, err = invoke_cli(
        "select", *[w.format(**places, run_config="run.toml") for w in words]
    )
    assert status == 2 and is_one_line(err) and re.search(message, err)
    assert {path.name for path in tmp_path.iterdir()} == {"garbage", "other", "run.toml"}
    assert [path.read_bytes() for path in (tmp_path / "other").iterdir()] == [b"mine"]


def test_other_selection_in_the_folder_is_refused_and_left_alone(finished, invoke_cli, tmp_path):
    words, _ = finished
    before = (tmp_path / "s" / "selection.sqlite").read_bytes()
    status, _, err = invoke_cli(*words, "--set", "stages.0.num_final_seeds=4")
    assert status == 2 and is_one_line(err)
    assert "config.stages.0.num_final_seeds is 3 there and 4 here); choose another --out" in err
    assert (tmp_path / "s" / "selection.sqlite").read_bytes() == before


def start(*words):
    code = "from lionhunt.search.cli.__main__ import main; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "select", *map(str, words), "--workers", "0"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"COLUMNS": "120"},
    )


def num_measured(folder):
    try:
        with SelectionStore.open_to_read(folder) as records:
            return len(records.measurements("stage 1"))
    except RecordError:
        return 0


@pytest.mark.slow
def test_a_killed_selection_ends_like_an_undisturbed_one(config, tmp_path):
    """Train for real, in a process that is killed at a random moment."""
    programs = [(dsl.library.load(name), 0.1) for name in ("signum", "signsgd", "sgd")]
    words = [plant_run(tmp_path / "run", programs), "--config", config]
    killed = start(*words, "--out", tmp_path / "killed")
    while num_measured(tmp_path / "killed") < 4:
        assert killed.poll() is None, killed.communicate()
        time.sleep(0.05)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    found = []
    for name in ("killed", "undisturbed"):
        process = start(*words, "--out", tmp_path / name)
        out, err = process.communicate(timeout=240)
        assert (process.returncode, err) == (0, "")
        report = json.loads((tmp_path / name / "report.json").read_text())
        parts = ("digest", "stages", "winners", "meta_validation")
        found.append({part: report[part] for part in parts})
    assert found[0] == found[1]
    assert all(stage["contenders"] for stage in found[0]["stages"])
