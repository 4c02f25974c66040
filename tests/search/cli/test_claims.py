"""`lionhunt claims`: what it runs, writes and refuses. Trainings are planted, times are made up."""

import json
from pathlib import Path

import pytest

from lionhunt.search.cli import claims as command
from lionhunt.search.comparison.result import GridTrial, Hyperparameters
from lionhunt.search.config import read_config
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.paper.claims.config import ClaimsConfig
from lionhunt.search.paper.claims.registry import CLAIMS
from lionhunt.search.paper.claims.speed import LeftOut, Speed
from lionhunt.search.paper.claims.timed_runs import PAIRS
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
    """Of one optimizer, and short."""
    response = respond("momentum", PROGRAMS["momentum"], num_warmup_steps=0)
    return Examples([response], measure_regions((1, 2, 3, 4, 5)), measure_paths(num_steps=50))


@pytest.fixture
def ran(monkeypatch, examples):
    """Replaces all that takes long; the names of what was asked for."""
    asked = []

    def run_contest(records, prepared, evaluation, num_workers, console):
        asked.append(prepared.name)
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
        asked.append(name)
        found = [Speed(name, by, 10, 2.0, 1.9, 0, 0, RATIO, 3, "wall time") for by in PAIRS]
        return found, [LeftOut(100, "there is no room")] if name == "step" else []

    monkeypatch.setattr(command, "run_contest", run_contest)
    monkeypatch.setattr(command, "time_training", lambda tasks, say: speeds("training"))
    monkeypatch.setattr(command, "time_optimizers", lambda say: speeds("step"))
    monkeypatch.setattr(command, "work_out_examples", lambda: examples)
    return asked


def test_config_has_what_claims_need():
    config = read_config(CONFIG, ClaimsConfig)
    experiments = dict(config.experiments)
    assert {claim.experiment for claim in CLAIMS.values()} > set(experiments)
    sizes = config.experiments.batch_size.tasks
    examples_seen = {(task.kind, task.batch_size * task.num_steps) for task in sizes}
    assert len(examples_seen) == len({task.kind for task in sizes})
    first, *others = experiments.values()
    for name in ("adamw", "lion"):  # so that what is the same trains once
        (mine,) = (o for o in first.optimizers if o.label == name)
        assert all(mine in other.optimizers for other in others)
    assert experiments["variants"].tuning == first.tuning and not others[0].spread


def test_everything_is_judged_and_written(lionhunt, ran, tmp_path):
    out = tmp_path / "claims"
    status, told, err = lionhunt("claims", CONFIG, "--out", out, *FEW_TASKS)
    assert (status, err) == (0, "")
    assert ran == ["training", "step", "main", "variants", "batch_size"]
    described = json.loads((out / "report.json").read_text())
    assert [claim["key"] for claim in described["claims"]] == list(CLAIMS)
    report = (out / "report.md").read_text()
    for claim in CLAIMS.values():
        assert f"## {claim.title}: " in report
        assert claim.title.split()[0] in told
    assert "there is no room" in report and "1.05 [1.02, 1.08]" in report
    pictures = {path.stem for path in out.glob("*.svg")}
    assert pictures == {path.stem for path in out.glob("*.png")}
    assert {"curves", "grids", "variants", "responses", "paths"} < pictures
    assert all(f"]({picture}.png)" in report for picture in pictures)


def test_one_claim_runs_its_experiment_alone(lionhunt, ran, tmp_path):
    words = ["claims", CONFIG, "--out", tmp_path, *FEW_TASKS, "--json"]
    status, told, _ = lionhunt(*words, "--only", "beta2")
    described = json.loads(told)
    assert (status, ran) == (0, ["variants"])
    assert [claim["key"] for claim in described["claims"]] == ["beta2"]
    assert "examples" not in described
    assert not (tmp_path / "report.md").exists()
    report = (tmp_path / "report-beta2.md").read_text()
    assert f"lionhunt claims {CONFIG} --only beta2 --set 'experiments.main.tasks=" in report


def test_what_was_timed_is_not_timed_again(lionhunt, ran, tmp_path):
    words = ["claims", CONFIG, "--out", tmp_path, *FEW_TASKS, "--json"]
    words += ["--only", "memory", "--only", "speed"]
    first, second = lionhunt(*words), lionhunt(*words)
    assert first == second and first[0] == 0
    assert ran == ["training"]
    times = json.loads((tmp_path / "speed.json").read_text())
    times["environment"]["versions"]["jax"] = "0.0.1"
    (tmp_path / "speed.json").write_text(json.dumps(times))
    assert lionhunt(*words) == first and ran == ["training"] * 2
    ratio = json.loads(first[1])["claims"][1]["cases"][0]["numbers"][2]
    assert (ratio["value"], ratio["low"], ratio["high"]) == RATIO


@pytest.mark.parametrize(
    "words, message",
    [
        (["nowhere.toml"], "cannot read nowhere.toml"),
        ([CONFIG, "--only", "luck"], "--only luck: there are memory, speed,"),
        (
            [CONFIG, "--set", "experiments.batch_size.optimizers.1.name=tiger"],
            "batch_size needs an optimizer with the name 'lion'",
        ),
        ([CONFIG, "--set", "experiments.main.spread.num_points=1"], "num_points"),
    ],
)
def test_wrong_input_is_one_line(lionhunt, ran, tmp_path, words, message):
    status, _, err = lionhunt("claims", *words, "--out", tmp_path / "claims")
    assert status == 2 and is_one_line(err) and message in err
    assert ran == [] and not (tmp_path / "claims").exists()


def test_what_was_left_out_is_timed_again(lionhunt, ran, tmp_path):
    words = ["claims", CONFIG, "--out", tmp_path, *FEW_TASKS, "--only", "optimizer_speed"]
    assert lionhunt(*words)[0] == lionhunt(*words)[0] == 0
    assert ran == ["step", "step"]


def test_default_config_is_that_of_the_clone(lionhunt, ran, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, _, err = lionhunt("claims")
    assert status == 2 and is_one_line(err) and "configs/claims.toml" in err


def test_damaged_times_are_named(lionhunt, ran, tmp_path):
    (tmp_path / "speed.json").write_text("{}")
    status, _, err = lionhunt("claims", CONFIG, "--out", tmp_path, "--only", "speed", *FEW_TASKS)
    assert status == 2 and is_one_line(err) and "remove it" in err
