"""`lionhunt study` with the config of an ablation: output, files and errors."""

import json
import tomllib

import pytest

from lionhunt.search import dry_run
from lionhunt.search.api.configs import to_texts
from lionhunt.search.campaign.ablation import report
from lionhunt.search.cli import study as command
from tests.support.search.ablations import RAW, Openings
from tests.support.search.command_line import is_one_line
from tests.support.search.runs import start_formula_pool


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Return a folder with a config; ablations are made in it."""
    path = tmp_path_factory.mktemp("ablations")
    text = "\n".join(to_texts(RAW))
    assert tomllib.loads(text) == RAW
    (path / "small.toml").write_text(text)
    return path


@pytest.fixture
def openings(monkeypatch, folder):
    """Return the pools that the command opens."""
    monkeypatch.chdir(folder)
    found = Openings(monkeypatch)
    monkeypatch.setattr(command, "open_study_pool", found.open_searches)
    return found


def test_ablation_prints_and_writes_a_report(openings, invoke_cli, folder):
    status, out, err = invoke_cli("study", "small.toml", "--workers", 0)
    assert (status, err) == (0, "")
    assert "ablation runs/small: 2 seeds in this process" in out
    assert "without races, beside all remedies: " in out
    ablation = folder / "runs" / "small"
    text = (ablation / "report.md").read_text()
    summary = json.loads((ablation / "report.json").read_text())
    assert "lionhunt study small.toml" in text and "racing.num_best = 0" in text
    for name in report.FIGURES:
        assert f"({name}.png)" in text
        assert all((ablation / f"{name}{end}").stat().st_size for end in (".png", ".svg"))
    for variant in summary["variants"]:
        for gain in variant["gains"].values():
            assert f"{100 * gain['interval']['mean']:+.2f} %" in text
        for search in variant["searches"]:
            assert search["program"] in text and search["search"]["history_digest"] in text
            assert invoke_cli("show", f"{ablation / search['run']}:best")[0] == 0
    # A report goes to others, who have no such folder.
    assert str(folder) not in text + json.dumps(summary)
    num_opened = openings.num_opened
    status, out, _ = invoke_cli("study", "small.toml", "--json")
    assert status == 0 and openings.num_opened == num_opened
    assert json.loads(out)["variants"] == summary["variants"]


def test_a_dry_run_plans_every_variant_and_writes_nothing(
    openings, invoke_cli, folder, monkeypatch
):
    monkeypatch.setattr(dry_run, "start_pool", start_formula_pool())
    monkeypatch.setattr(dry_run, "SECONDS", 0.2)
    before = sorted(folder.rglob("*"))
    status, out, _ = invoke_cli("study", "small.toml", "--dry-run", "--json")
    plan = json.loads(out)
    assert status == 0 and sorted(folder.rglob("*")) == before and not openings.num_opened
    assert [each["variant"] for each in plan["searches"]] == ["all remedies", "without races"]
    # The search ends soon after its training is used up.
    assert all(each["groups"][0]["trainings"] <= 12.5 for each in plan["searches"])
    # 2 known optimizers and 4 programs on 2 tasks; 2 trials, and 5 final seeds.
    (part,) = plan["parts"]
    assert (part["part"], part["trainings"]) == ("comparison", 6 * (2 + 5) * 2)
    total = sum(each["seconds"] for each in plan["searches"]) + part["seconds"]
    assert plan["seconds"] == total and plan["least_seconds"] < total < plan["most_seconds"]
    status, out, _ = invoke_cli("study", "small.toml", "--dry-run", "--workers", 0)
    assert status == 0 and "without races" in out and "in this process" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--set", "variants=3"], "--set variants=3: variants: Input should be"),
        (["--set", "num_repeat=3"], "num_repeat: unknown key; did you mean 'num_repeats'"),
        (["--set", "variants.1.settings={'racing.num_bst'=0}"], "did you mean 'racing.num_best'"),
        (["--set", "run.max_trainings=0"], "run.max_trainings: "),
        (["--set", "run.initial=lio", "--out", "x"], "did you mean 'lion'"),
    ],
)
def test_wrong_input_is_one_line(openings, invoke_cli, words, message):
    status, _, err = invoke_cli("study", "small.toml", *words)
    assert status == 2 and is_one_line(err) and message in err
    assert not openings.num_opened


def test_searches_that_end_early_are_told(openings, invoke_cli):
    words = ("--set", "run.num_programs=30", "--out", "short", "--json")
    summary = json.loads(invoke_cli("study", "small.toml", *words)[1])
    searches = [search for variant in summary["variants"] for search in variant["searches"]]
    early = [search["name"] for search in searches if search["search"]["programs"] == 30]
    text = report.explanation(summary)
    assert early and all(name in text for name in early)
    assert "had all their programs before their training was used up" in text
