"""A dry run: it tells, writes nothing, and refuses what a run could not do."""

import json

import pytest

from lionhunt.search.bench import tasks as bench_tasks
from lionhunt.search.dry_run import plan as dry_run
from lionhunt.search.dry_run.cost_model import TaskCost
from tests.support.search.command_line import is_one_line

CONFIG = """
num_programs = 120
[evolution]
population_size = 10
[[tasks]]
kind = "digits_mlp"
num_steps = 5
batch_size = 4
width = 4
"""
COST = TaskCost("digits_mlp", 310, 5, 0.1, 0.02, 1.0, 4.0)


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dry_run, "measure_task", lambda *_: COST)
    path = tmp_path / "small.toml"
    path.write_text(CONFIG)
    return path


def test_dry_run_tells_and_writes_nothing(lionhunt, config, tmp_path):
    status, out, err = lionhunt("search", config, "--dry-run", "--json")
    plan = json.loads(out)
    assert (status, err) == (0, "")
    assert plan["programs"] == 120 and plan["rehearsed"] == 110 and plan["workers"] == 2
    assert 1 < plan["evaluations"] < 111
    assert plan["seconds"] == plan["starting_seconds"] + plan["searching_seconds"]
    assert 0 < plan["least_seconds"] < plan["seconds"] < plan["most_seconds"]
    assert plan["busy"] >= 1
    (task,) = plan["tasks"]
    assert (task["name"], task["parameters"], task["steps"]) == ("digits_mlp", 310, 5)
    assert 0.2 <= task["seconds"] / plan["busy"] < 0.21
    assert list(tmp_path.iterdir()) == [config]


def test_dry_run_in_words(lionhunt, config):
    _, out, _ = lionhunt("search", config, "--dry-run", "--workers", 0)
    assert "digits_mlp" in out and "in this process" in out
    _, out, _ = lionhunt("search", config, "--dry-run", "--set", "hurdles.slack=0.5")
    assert "2 workers" in out and "save about 74% of training" in out


def test_more_programs_take_longer(lionhunt, config):
    def plan(*words):
        return json.loads(lionhunt("search", config, "--dry-run", "--json", *words)[1])

    more = plan("--workers", 0, "--set", "num_programs=500")
    assert more["evaluations"] > plan("--workers", 0)["evaluations"]


@pytest.mark.parametrize(
    "words, message",
    [
        (["--set", "evaluation.candidate_seconds=0.1"], "evaluation.candidate_seconds to"),
        (["--set", "num_programs=5"], "num_programs"),
        (["--set", "initial=nothing"], "initial"),
        (["--workers", "-1"], "workers"),
    ],
)
def test_what_could_not_run_is_refused(lionhunt, config, words, message):
    status, out, err = lionhunt("search", config, "--dry-run", *words)
    assert (status, out) == (2, "")
    assert is_one_line(err) and message in err


def test_json_is_of_a_dry_run(lionhunt, config, tmp_path):
    status, _, err = lionhunt("search", config, "--json")
    assert status == 2 and is_one_line(err) and "--dry-run" in err
    assert list(tmp_path.iterdir()) == [config]


@pytest.fixture
def planted(monkeypatch):
    monkeypatch.setattr(bench_tasks, "measure_task", lambda task, *_: COST)
    steps = []

    def measure(task, bytecode):
        steps.append(task.num_steps)
        return 0.1 + 0.03 * task.num_steps

    monkeypatch.setattr(bench_tasks, "_measure", measure)
    return steps


def test_bench_of_tasks(lionhunt, planted):
    _, out, _ = lionhunt("bench", "tasks", "digits_mlp", "--scales", "1,4", "--json")
    one, four = json.loads(out)
    assert (one["task"], one["scale"], four["scale"]) == ("digits_mlp", 1, 4)
    assert (one["steps"], four["steps"]) == (500, 1000) and planted == [500, 1000]
    assert one["measured_seconds"] == pytest.approx(0.1 + 0.03 * 500)
    assert one["ratio"] == one["modelled_seconds"] / one["measured_seconds"]
    _, out, _ = lionhunt("bench", "tasks", "digits_mlp", "--scales", "1")
    assert "digits_mlp" in out and "500" in out


def test_long_trainings_are_measured_in_part(lionhunt, planted, monkeypatch):
    monkeypatch.setattr(bench_tasks, "MAX_SECONDS", COST.seconds(()) / 10)
    _, out, _ = lionhunt("bench", "tasks", "digits_mlp", "--scales", "1", "--json")
    (row,) = json.loads(out)
    assert planted == [row["measured_steps"]] and 40 <= planted[0] < 60
    assert row["measured_seconds"] == pytest.approx(0.1 + 0.03 * 500)


@pytest.mark.parametrize(
    "words, message",
    [
        (["nothing"], "digits_mlp"),
        (["digits_mlp", "--scales", "1,x"], "--scales"),
        (["digits_mlp", "--scales", "0"], "scale"),
    ],
)
def test_bench_refuses_in_one_line(lionhunt, planted, words, message):
    status, _, err = lionhunt("bench", "tasks", *words)
    assert status == 2 and is_one_line(err) and message in err
