"""`lionhunt study` with the config of a campaign: output, files and errors."""

import json
import tomllib

import pytest

from lionhunt.search import dry_run
from lionhunt.search.api.configs import to_texts
from lionhunt.search.campaign import report
from lionhunt.search.cli import study as command
from tests.support.search.campaigns import BEHAVIOR, RAW, Openings
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import start_formula_pool

CONFIG = "\n".join(to_texts(RAW))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a config; campaigns are made in it."""
    path = tmp_path_factory.mktemp("campaigns")
    assert tomllib.loads(CONFIG) == RAW
    (path / "small.toml").write_text(CONFIG)
    return path


@pytest.fixture
def openings(monkeypatch, folder):
    """Return the pools that the command opens."""
    monkeypatch.chdir(folder)
    found = Openings(monkeypatch)
    monkeypatch.setattr(command, "open_study_pool", lambda *_: found.searches.open)
    return found


def test_campaign_prints_and_writes_a_report_and_the_same_command_judges_again(
    openings, invoke_cli, folder, monkeypatch
):
    status, out, err = invoke_cli("study", "small.toml", "--workers", 0)
    assert (status, err) == (0, "")
    assert "campaign runs/small: 2 seeds in this process" in out
    assert "The aim is reached: 2 of 2 seeds reach it, and at least 1 have to." in out
    campaign = folder / "runs" / "small"
    text = (campaign / "report.md").read_text()
    summary = json.loads((campaign / "report.json").read_text())
    assert "lionhunt study small.toml" in text
    for name in report.FIGURES:
        assert f"({name}.png)" in text
        assert all((campaign / f"{name}{end}").stat().st_size for end in (".png", ".svg"))
    for seed in summary["seeds"]:
        assert seed["program"] in text and seed["search"]["history_digest"] in text
        assert seed["simplification"]["steps"][0]["rule"] in text
        # The file of a found program can be shown and exported.
        file = campaign / f"found_{seed['seed']}.txt"
        shown = json.loads(invoke_cli("show", file, "--json")[1])
        assert shown["program"] == seed["program"]
        assert f"state: {seed['state']['text']}" in text
        for label in ("adamw", "lion"):
            difference = seed["against"][label]["relative_difference"]
            assert f"{100 * difference['mean']:+.2f} % [{100 * difference['low']:+.2f}" in text
            for task in seed["against"][label]["steps"]:
                assert f"{task['ratio']['mean']:.2f} [{task['ratio']['low']:.2f}" in text
    num_opened = openings.num_opened
    words = ("study", "small.toml", "--json", "--set", "aim.families=['adamw']")
    # Drawing takes seconds.
    monkeypatch.setattr("lionhunt.search.campaign.figures.campaign_figures", lambda *_: {})
    status, out, _ = invoke_cli(*words, "--set", "aim.min_seeds=2")
    again = json.loads(out)
    assert status == 0 and openings.num_opened == num_opened
    assert not again["is_reached"] and again["num_reached"] == 0
    assert [seed["program"] for seed in again["seeds"]] == [s["program"] for s in summary["seeds"]]


def summarized(*conditions, num_reached, **seed):
    """Return the part of a summary that the verdict and the conclusions need."""
    classes = {"likeness": "unlike", "optimizers": ["dog"], "behavior": BEHAVIOR}
    found = [{"text": text, "seen": seen, "is_met": is_met} for text, seen, is_met in conditions]
    entry = {"name": "seed 0", "program": "text", "class": classes, "conditions": found}
    return {
        "config": {"aim": {"min_seeds": 1}},
        "num_seeds": 1,
        "num_reached": num_reached,
        "is_reached": num_reached >= 1,
        "seeds": [entry | seed],
    }


def test_verdict_and_conclusions_state_the_data():
    missed = summarized(("is fast", "slow", False), ("is short", "yes", True), num_reached=0)
    assert report.verdict(missed) == (
        "The aim is missed: 0 of 1 seeds reach it, and at least 1 have to."
    )
    assert report.aim_text(missed) == (
        "A seed reaches it if its simplified program is fast, and is short."
    )
    assert report.conclusions(missed) == [
        "seed 0 found a program that is nearest to signum or tiger (cosine 0.950) in behavior; it "
        "misses: is fast (slow)"
    ]
    reached = summarized(("is short", "yes", True), num_reached=1)
    reached["seeds"][0]["class"] |= {"likeness": "same"}
    assert report.verdict(reached).startswith("The aim is reached: 1 of 1 seeds")
    assert report.conclusions(reached) == [
        "seed 0 found a program that is dog, up to constants; it reaches the aim"
    ]
    reached["seeds"][0]["class"] |= {
        "likeness": "unlike",
        "behavior": {"nearest": "has no behavior to compare: it rests", "optimizers": []},
    }
    assert report.conclusions(reached) == [
        "seed 0 found a program that has no behavior to compare: it rests; it reaches the aim"
    ]
    nothing = summarized(num_reached=0, program=None)
    assert report.aim_text(nothing) == ""
    assert report.conclusions(nothing) == [
        "seed 0: no candidate trains on the tasks of the selection"
    ]


def test_a_dry_run_plans_every_part_and_writes_nothing(openings, invoke_cli, folder, monkeypatch):
    monkeypatch.setattr(dry_run, "start_pool", start_formula_pool())
    monkeypatch.setattr(dry_run, "SECONDS", 0.2)
    before = sorted(folder.rglob("*"))
    status, out, _ = invoke_cli("study", "small.toml", "--dry-run", "--json")
    plan = json.loads(out)
    assert status == 0 and sorted(folder.rglob("*")) == before and not openings.num_opened
    parts = {part["part"]: part for part in plan["parts"]}
    # 2 baselines and 4 candidates; 7 trials with 2 seeds, and 3 final seeds.
    assert parts["selection, stage 1"]["trainings"] == 6 * (7 * 2 + 3)
    assert parts["meta-validation"]["trainings"] == 3 * 2
    # 2 known optimizers and 2 seeds on 2 tasks; 4 trials, and 5 final seeds.
    assert parts["comparison"]["trainings"] == 4 * (4 + 5) * 2
    assert parts["selection, stage 1"]["times"] == 2 and parts["comparison"]["times"] == 1
    total = plan["searches"]["seconds"] + sum(part["seconds"] for part in plan["parts"])
    assert plan["seconds"] == total and plan["least_seconds"] < total < plan["most_seconds"]
    status, out, _ = invoke_cli("study", "small.toml", "--dry-run", "--workers", 0)
    assert status == 0 and "simplification" in out and "in this process" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "aim=3"], "--set aim=3: aim: Input should be"),
        (["--set", "aim.families=['lio']"], "did you mean 'lion'"),
        (["--set", "num_repeat=3"], "num_repeat: unknown key; did you mean 'num_repeats'"),
        (["--set", "num_random=3"], "num_random: unknown key"),
        (["--set", "select.stages=[]"], "select.stages"),
        (["--set", "run.initial=lio", "--out", "x"], "did you mean 'lion'"),
    ],
)
def test_wrong_input_is_one_line(openings, invoke_cli, words, message):
    status, _, err = invoke_cli("study", "small.toml", *words)
    assert status == 2 and is_one_line(err) and message in err
    assert not openings.num_opened
