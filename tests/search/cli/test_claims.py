"""`lionhunt claims`: runs, files and errors. Trainings are planted, times are made up."""

# pyright: reportAttributeAccessIssue=false

import json
from pathlib import Path

import pytest

from lionhunt.search.cli import claims as command
from lionhunt.search.comparison.result import GridTrial, Hyperparameters
from lionhunt.search.config import read_config
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.paper.claims import loop
from lionhunt.search.paper.claims.config import ClaimsConfig
from lionhunt.search.paper.claims.registry import CLAIMS
from lionhunt.search.paper.costs.speed import LeftOut, Speed, Speeds
from lionhunt.search.paper.costs.timed_runs import PAIRS
from lionhunt.search.paper.toy_problems.adabelief_examples import measure_paths, measure_regions
from lionhunt.search.paper.toy_problems.gradient_memory import PROGRAMS, respond
from lionhunt.search.paper.toy_problems.report import Examples
from lionhunt.search.statistics import Interval
from tests.support.search.command_line import is_one_line
from tests.support.search.planted_comparisons import planted

CONFIG = Path(__file__).parents[3] / "configs" / "claims.toml"
FEW_TASKS = [
    f"--set=experiments.{name}.tasks=[{{kind='digits_mlp'}}, {{kind='stdlib_lm'}}]"
    for name in ("main", "variants", "batch_size")
]
RATIO = Interval(1.05, 1.02, 1.08)


@pytest.fixture(scope="module")
def examples():
    """Measure short examples of one optimizer."""
    response = respond("momentum", PROGRAMS["momentum"], num_warmup_steps=0)
    return Examples([response], measure_regions((1, 2, 3, 4, 5)), measure_paths(num_steps=50))


@pytest.fixture
def executed(monkeypatch, examples):
    """Replace slow experiments; return the names of the executed ones."""
    names = []

    def run_comparison(records, prepared, place, **how):
        names.append(prepared.name)
        rates = [1e-3 * 2**i for i in range(3)]
        points = [Hyperparameters(rate, decay) for rate in rates for decay in (0.1, 0.2, 0.4)]
        square = tuple(
            GridTrial(point, (0.8 + 0.01 * i, 0.8), Status.OK) for i, point in enumerate(points)
        )
        return planted(
            {
                (optimizer.name, task): {"spread": square, "best": points[4]}
                for optimizer in prepared.optimizers
                for task in prepared.tasks
            }
        )

    def speeds(name):
        names.append(name)
        measured = [Speed(name, by, 10, 2.0, 1.9, 0, 0, RATIO, 3, "wall time") for by in PAIRS]
        return Speeds(measured, [LeftOut(100, "no room")] if name == "step" else [])

    monkeypatch.setattr(command, "run_comparison", run_comparison)
    monkeypatch.setattr(loop, "measure_training", lambda *_, **__: speeds("training"))
    monkeypatch.setattr(loop, "measure_steps", lambda *_, **__: speeds("step"))
    monkeypatch.setattr(command, "measure_examples", lambda: examples)
    return names


def test_config_has_the_experiments_of_all_claims():
    config = read_config(CONFIG, ClaimsConfig)
    experiments = dict(config.experiments)
    assert {claim.experiment for claim in CLAIMS.values()} > set(experiments)
    sizes = config.experiments.batch_size.tasks
    examples_seen = {(task.kind, task.batch_size * task.num_steps) for task in sizes}
    assert len(examples_seen) == len({task.kind for task in sizes})
    first, *others = experiments.values()
    # Equal optimizers train once for all experiments.
    for name in ("adamw", "lion"):
        (optimizer,) = (o for o in first.optimizers if o.label == name)
        assert all(optimizer in other.optimizers for other in others)
    assert experiments["variants"].tuning == first.tuning and not others[0].spread


def test_everything_is_judged_and_written(invoke_cli, executed, tmp_path):
    out = tmp_path / "claims"
    status, printed, err = invoke_cli("claims", CONFIG, "--out", out, *FEW_TASKS)
    assert (status, err) == (0, "")
    assert executed == ["training", "step", "main", "variants", "batch_size"]
    summary = json.loads((out / "report.json").read_text())
    assert [claim["key"] for claim in summary["claims"]] == list(CLAIMS)
    report = (out / "report.md").read_text()
    for claim in CLAIMS.values():
        assert f"## {claim.title}: " in report
        assert claim.title.split()[0] in printed
    assert "no room" in report and "1.05 [1.02, 1.08]" in report
    pictures = {path.stem for path in out.glob("*.svg")}
    assert pictures == {path.stem for path in out.glob("*.png")}
    assert {"curves", "grids", "variants", "responses", "paths"} < pictures
    assert all(f"]({picture}.png)" in report for picture in pictures)


def test_one_claim_runs_its_experiment_alone(invoke_cli, executed, tmp_path):
    words = ["claims", CONFIG, "--out", tmp_path, *FEW_TASKS, "--json"]
    status, printed, _ = invoke_cli(*words, "--only", "beta2")
    summary = json.loads(printed)
    assert (status, executed) == (0, ["variants"])
    assert [claim["key"] for claim in summary["claims"]] == ["beta2"]
    assert "examples" not in summary
    assert not (tmp_path / "report.md").exists()
    report = (tmp_path / "report-beta2.md").read_text()
    assert f"lionhunt claims {CONFIG} --only beta2 --set 'experiments.main.tasks=" in report


def test_recorded_times_are_not_measured_again(invoke_cli, executed, tmp_path):
    words = ["claims", CONFIG, "--out", tmp_path, *FEW_TASKS, "--json"]
    words += ["--only", "memory", "--only", "speed"]
    first, second = invoke_cli(*words), invoke_cli(*words)
    assert first == second and first[0] == 0
    assert executed == ["training"]
    times = json.loads((tmp_path / "speed.json").read_text())
    times["environment"]["versions"]["jax"] = "0.0.1"
    (tmp_path / "speed.json").write_text(json.dumps(times))
    assert invoke_cli(*words) == first and executed == ["training"] * 2
    ratio = json.loads(first[1])["claims"][1]["cases"][0]["numbers"][2]
    assert (ratio["value"], ratio["low"], ratio["high"]) == RATIO


@pytest.mark.parametrize(
    "words, message",
    [
        (["nowhere.toml"], "cannot read nowhere.toml"),
        ([CONFIG, "--only", "luck"], "--only luck: no such claim; choose from memory, speed,"),
        (
            [CONFIG, "--set", "experiments.batch_size.optimizers.1.name=tiger"],
            "batch_size needs an optimizer with the name 'lion'",
        ),
        ([CONFIG, "--set", "experiments.main.spread.num_points=1"], "num_points"),
    ],
)
def test_wrong_input_is_one_line(invoke_cli, executed, tmp_path, words, message):
    status, _, err = invoke_cli("claims", *words, "--out", tmp_path / "claims")
    assert status == 2 and is_one_line(err) and message in err
    assert executed == [] and not (tmp_path / "claims").exists()


def test_sizes_that_were_left_out_are_measured_again(invoke_cli, executed, tmp_path):
    words = ["claims", CONFIG, "--out", tmp_path, *FEW_TASKS, "--only", "optimizer_speed"]
    assert invoke_cli(*words)[0] == invoke_cli(*words)[0] == 0
    assert executed == ["step", "step"]


def test_default_config_is_the_bundled_one(invoke_cli, executed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, printed, _ = invoke_cli("claims", "--only", "optimizer_speed")
    assert status == 0 and executed == ["step"] and "runs/claims/report" in printed


def test_damaged_file_of_times_is_named(invoke_cli, executed, tmp_path):
    (tmp_path / "speed.json").write_text("{}")
    status, _, err = invoke_cli("claims", CONFIG, "--out", tmp_path, "--only", "speed", *FEW_TASKS)
    assert status == 2 and is_one_line(err) and "remove it" in err
