"""`lionhunt study`: output, files and errors."""

import json
import statistics

import pytest

from lionhunt.search import dry_run
from lionhunt.search.cli import study as command
from lionhunt.search.paper.replication.report import conclusions
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import start_formula_pool
from tests.support.search.studies import STUDY, Pools

RUN = STUDY["run"]
CONFIG = f"""
num_repeats = 2
[run]
seed = {RUN["seed"]}
num_programs = {RUN["num_programs"]}
evolution = {{ population_size = 10, tournament_size = 3, lag = 6 }}
tasks = [{{ kind = "digits_mlp", num_steps = 5, batch_size = 4, width = 4 }}]
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a config; studies are made in it."""
    path = tmp_path_factory.mktemp("studies")
    (path / "small.toml").write_text(CONFIG)
    (path / "run.toml").write_text("num_programs = 100")
    return path


@pytest.fixture
def pools(monkeypatch, folder):
    """Return the list of pools that the command opens."""
    opened = Pools()
    monkeypatch.setattr(command, "open_study_pool", lambda *_: opened.open)
    monkeypatch.chdir(folder)
    return opened.opened


def test_study_prints_and_writes_a_report_and_the_same_command_resumes_it(
    pools, invoke_cli, folder, monkeypatch
):
    status, out, err = invoke_cli("study", "small.toml")
    assert status == 0 and not err and len(pools) == 1
    assert "5 runs on 2 workers" in out and "runs/small/report.md" in out
    study = folder / "runs" / "small"
    report = (study / "report.md").read_text()
    assert "lionhunt study small.toml" in report and "89.1 ± 0.6" in report
    for name in ("best_fitness", "redundancy"):
        assert f"{name}.png" in report
        assert all((study / f"{name}{end}").stat().st_size for end in (".png", ".svg"))
    # Drawing takes seconds.
    monkeypatch.setattr(command, "write_report", lambda *_: study / "report.md")
    status, out, _ = invoke_cli("study", "small.toml", "--json")
    # Nothing was trained.
    assert status == 0 and len(pools) == 1
    summary = json.loads(out)
    assert summary == json.loads((study / "report.json").read_text())
    check_numbers(summary, study)
    assert invoke_cli("show", study / "random_0:best")[0] == 0
    # Its training has reached the limit.
    assert invoke_cli("resume", study / "constants_0")[0] == 0


def check_numbers(summary, study):
    """Check the numbers against the runs."""
    best = {}
    for run in summary["runs"]:
        with RunStore.open_to_read(study / run["name"]) as records:
            rows = list(records.rows())
        best[run["name"]] = max(row.fitness_or_neg_inf for row in rows)
        assert run["best_fitness"] == best[run["name"]]
        assert run["programs"] == len(rows)
        assert run["evaluated"] == len({row.fingerprint for row in rows})
        hits = len(rows) - 10 - (run["evaluated"] - 1)
        assert run["hit_rate"] == hits / (len(rows) - 10)
    evolution = summary["groups"][0]["at_end"]["best_fitness"]
    ends = [best["evolution_0"], best["evolution_1"]]
    assert evolution["mean"] == pytest.approx(statistics.fmean(ends))
    assert evolution["error"] == pytest.approx(statistics.stdev(ends) / 2**0.5)


def test_conclusions_state_the_data():
    def group(name, end, curve):
        measured = {"mean": end, "error": None}
        return {
            "group": name,
            "num_runs": 1,
            "at_end": {"first_fitness": measured, "best_fitness": measured},
            "over_progress": {"best_fitness": {"mean": curve}},
        }

    summary = {
        "progress": [0.25, 0.5, 0.75, 1.0],
        "groups": [
            group("evolution", 0.3, [0.0, 0.1, 0.2, 0.3]),
            group("random", 0.15, []),
            group("constants", 0.3, []),
            group("restart", 0.3, []),
        ],
    }
    assert conclusions(summary) == [
        "evolution ends at +30.00 % (1 run)",
        "random search ends at +15.00 % (1 run); evolution is above that from 75% of its "
        "progress on",
        "constants alone ends at +30.00 % (1 run); evolution does not get above that",
        "evolution from the best begins at +30.00 % and ends at +30.00 % (1 run): it found "
        "nothing better",
    ]


def test_a_dry_run_plans_every_group_and_writes_nothing(pools, invoke_cli, folder, monkeypatch):
    monkeypatch.setattr(dry_run, "start_pool", start_formula_pool())
    words = ("study", "small.toml", "--dry-run", "--set", "num_random=2", "--set", "restart=true")
    before = sorted(folder.iterdir())
    status, out, _ = invoke_cli(*words, "--json")
    plan = json.loads(out)
    assert status == 0 and sorted(folder.iterdir()) == before and not pools
    groups = {group["group"]: group for group in plan["groups"]}
    assert [group["runs"] for group in plan["groups"]] == [2, 2, 1, 1]
    evolution, restart = groups["evolution"], groups["restart"]
    assert evolution["programs"] == restart["programs"] == RUN["num_programs"]
    assert evolution["seconds"] == 2 * restart["seconds"]
    # Most programs of the baselines are new.
    for baseline in (groups["random"], groups["constants"]):
        assert RUN["num_programs"] < baseline["programs"] <= 4 * RUN["num_programs"]
        assert 3 < baseline["trainings"] / evolution["trainings"] < 4.1
    total = plan["starting_seconds"] + sum(group["seconds"] for group in plan["groups"])
    assert plan["seconds"] == total and plan["least_seconds"] < total < plan["most_seconds"]
    status, out, _ = invoke_cli(*words, "--workers", 0)
    assert status == 0 and "random search" in out and "in this process" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["none.toml"], "cannot read none.toml"),
        (["run.toml"], "run.toml: run: missing; add it, or is this"),
        (["small.toml", "--set", "num_repeats=0"], "num_repeats"),
        (["small.toml", "--set", "run.evolution.method=chance"], "run.evolution.method"),
        (["small.toml", "--set", "run.initial=lio", "--out", "x"], "did you mean 'lion'"),
    ],
)
def test_wrong_input_is_one_line(pools, invoke_cli, words, message):
    status, out, err = invoke_cli("study", *words)
    assert status == 2
    assert is_one_line(err) and message in err
    assert not pools
