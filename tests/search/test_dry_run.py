"""Dry run: it estimates, leaves nothing behind, and refuses a run that could not work."""

import json
import math

import pytest

from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search import dry_run
from lionhunt.search.driver.setup import load_initial
from lionhunt.search.dry_run import Rehearsal, plan_run
from lionhunt.search.evaluation.evaluator import task_key
from lionhunt.search.reporting.text import duration
from tests.support.search import runs
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import start_formula_pool

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


@pytest.fixture
def config(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(dry_run, "start_pool", start_formula_pool())
    path = tmp_path / "small.toml"
    path.write_text(CONFIG)
    return path


def test_dry_run_estimates_and_leaves_nothing(invoke_cli, config, tmp_path):
    status, out, err = invoke_cli("search", config, "--dry-run", "--json")
    plan = json.loads(out)
    assert (status, err) == (0, "")
    assert plan["programs"] == 120 and plan["rehearsed"] == 110 and plan["workers"] == 2
    assert 1 < plan["evaluations"] < 111
    assert plan["seconds"] == plan["starting_seconds"] + plan["searching_seconds"]
    assert 0 < plan["least_seconds"] < plan["seconds"] < plan["most_seconds"]
    # The formula says 0.25 s for every evaluation.
    assert plan["tasks"] == [{"name": "digits_mlp", "steps": 5, "seconds": 0.25}]
    assert list(tmp_path.iterdir()) == [config]


def test_dry_run_in_words(invoke_cli, config):
    _, out, _ = invoke_cli("search", config, "--dry-run", "--workers", 0)
    assert "digits_mlp" in out and "in this process" in out
    _, out, _ = invoke_cli("search", config, "--dry-run", "--set", "hurdles.slack=0.5")
    assert "2 workers" in out and "of training" in out


def test_rehearsal_ends_in_time_and_trains_long_tasks_in_part(invoke_cli, config, monkeypatch):
    monkeypatch.setattr(dry_run, "SECONDS", 0.0)
    words = ("--dry-run", "--json", "--set", "num_programs=2000")
    plan = json.loads(invoke_cli("search", config, *words)[1])
    assert plan["rehearsed"] < 1990 < plan["programs"] == 2000
    more = json.loads(invoke_cli("search", config, *words, "--set", "tasks.0.num_steps=600")[1])
    assert more["tasks"][0]["steps"] == 600
    assert more["tasks"][0]["seconds"] == pytest.approx(3 * 0.25)


def test_dry_run_counts_validations_and_draws_horizons(invoke_cli, config):
    task = 'kind="digits_mlp", batch_size=4, width=4'
    words = [f"validation.tasks=[{{{task}, horizons=[400, 800]}}]", "validation.every=50"]
    settings = [word for setting in words for word in ("--set", setting)]
    plan = json.loads(invoke_cli("search", config, "--dry-run", "--json", *settings)[1])
    (validated,) = plan["validation_tasks"]
    # The seed of the run draws the steps; a training is cut to 200 of them.
    num_steps = DigitsMLP(horizons=(400, 800)).build().at(task_key(0, 1)).num_steps
    assert validated["steps"] == num_steps
    assert validated["seconds"] == pytest.approx(0.25 * num_steps / 200)
    # After 50, 100 and all 120 programs, and the reference.
    assert plan["validations"] == 3
    assert plan["validating_seconds"] == pytest.approx(4 * validated["seconds"])
    parts = ("starting_seconds", "searching_seconds", "validating_seconds")
    assert plan["seconds"] == pytest.approx(sum(plan[part] for part in parts))
    _, out, _ = invoke_cli("search", config, "--dry-run", *settings)
    assert "3 times and once the reference" in out


def planned(rehearsal, num_workers=2, **changes):
    config = runs.config(num_programs=10_010, **changes)
    return dry_run._extrapolate(config, rehearsal, num_workers)


MEASURED = Rehearsal(
    starting_seconds=10.0,
    searching_seconds=5.0,
    driver_seconds=0.5,
    task_seconds=[0.1],
    num_children=625,
    num_evaluations=250,
    trainings=0.5,
)


def test_different_programs_grow_slower_than_children():
    num_children, num_evaluations, seconds = planned(MEASURED)
    assert num_children == 10_000
    assert num_evaluations == pytest.approx(250 * 16**0.75)
    assert seconds == pytest.approx(num_evaluations / 50)
    assert planned(MEASURED, evolution={"method": "random", "population_size": 10})[1] == 4000


def test_a_driver_may_limit_the_pace():
    assert planned(MEASURED._replace(driver_seconds=5.0))[2] == pytest.approx(16 * 5)


@pytest.mark.parametrize("limit", [51.0, 501.0, 1e6])
def test_a_run_ends_with_its_training(limit):
    whole = planned(MEASURED)
    num_children, num_evaluations, seconds = planned(MEASURED, max_trainings=limit)
    if limit == 1e6:
        assert (num_children, num_evaluations, seconds) == whole
    else:
        assert num_evaluations == 2 * (limit - 1) and seconds < whole[2]
        assert num_children == pytest.approx(625 * (num_evaluations / 250) ** (4 / 3), abs=1)


def test_nothing_measured_counts_every_child_as_new():
    empty = MEASURED._replace(num_children=0, num_evaluations=0, driver_seconds=0.0)
    num_children, num_evaluations, seconds = planned(empty)
    assert num_children == num_evaluations == 10_000
    assert seconds == pytest.approx(10_000 * 0.1 / 2)


def test_whole_run_in_the_rehearsal_is_the_estimate():
    done = MEASURED._replace(num_children=10_000)
    assert planned(done) == (10_000, 250, pytest.approx(5.0))


@pytest.mark.slow
def test_estimate_is_near_the_measured_duration():
    """Rehearse a search in this process, to the end and for a moment."""
    config = runs.config(num_programs=1500, tasks=[{"kind": "digits_mlp", "num_steps": 50}])
    initial = load_initial("adamw_initial")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(dry_run, "SECONDS", math.inf)
        whole = plan_run(config, initial, 0)
        patch.setattr(dry_run, "SECONDS", whole["searching_seconds"] / 4)
        part = plan_run(config, initial, 0)
    assert part["rehearsed"] < whole["rehearsed"]
    assert 0.5 < part["searching_seconds"] / whole["searching_seconds"] < 2


@pytest.mark.parametrize(
    "words, message",
    [
        (["--set", "evaluation.candidate_seconds=0.1"], "evaluation.candidate_seconds to"),
        (["--set", "num_programs=5"], "num_programs"),
        (["--set", "initial=nothing"], "initial"),
        (["--workers", "-1"], "workers"),
    ],
)
def test_run_that_could_not_work_is_refused(invoke_cli, config, words, message):
    status, out, err = invoke_cli("search", config, "--dry-run", *words)
    assert (status, out) == (2, "")
    assert is_one_line(err) and message in err


def test_json_is_of_a_dry_run(invoke_cli, config, tmp_path):
    status, _, err = invoke_cli("search", config, "--json")
    assert status == 2 and is_one_line(err) and "--dry-run" in err
    assert list(tmp_path.iterdir()) == [config]


@pytest.mark.parametrize(
    "seconds, text",
    [
        (0, "0 s"),
        (0.00123, "0.0012 s"),
        (4.56, "4.6 s"),
        (65, "65 s"),
        (130, "2.2 min"),
        (5000, "83 min"),
        (20_000, "5.6 h"),
        (10**7, "120 days"),
    ],
)
def test_durations_in_words(seconds, text):
    assert duration(seconds) == text
