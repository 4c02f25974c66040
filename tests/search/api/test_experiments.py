"""Comparisons and selections from Python: reports, progress, and continuing."""

from contextlib import nullcontext

import pytest

import lionhunt
from lionhunt.search.activity import exhaust
from lionhunt.search.comparison import setup
from lionhunt.search.selection import loop
from tests.support.search.comparison_runs import TASK, FormulaTrainers
from tests.support.search.runs import finished
from tests.support.search.selections import make_pool

OPTIMIZER = {"learning_rate": 0.01, "weight_decay": 0.1}
COMPARISON = {
    "num_final_seeds": 5,
    "tuning": {"num_trials": 9, "num_seeds": 1},
    "tasks": [TASK],
    "optimizers": [OPTIMIZER | {"program": "adamw"}, OPTIMIZER | {"program": "lion"}],
}
TINY = {"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}
STAGE = {
    "num_candidates": 2,
    "num_tuning_seeds": 1,
    "num_final_seeds": 2,
    "tuning": {"learning_rates": [1.0], "num_variations": 1},
    "tasks": [TINY],
}
SELECTION = {
    "seed": 2,
    "baselines": [{"program": "adamw_initial"}],
    "stages": [STAGE],
    "meta_validation": {"num_checkpoints": 2, "num_seeds": 2},
}


@pytest.fixture
def trainers(monkeypatch):
    opened = []

    def open_trainers(tasks, optimizers, **how):
        opened.append(FormulaTrainers(len(opened)))
        return nullcontext(opened[-1])

    monkeypatch.setattr(setup, "_open_trainers", open_trainers)
    return opened


def test_compare_writes_a_report_and_continues(trainers, tmp_path):
    events, starts = [], []
    report = lionhunt.compare(
        COMPARISON,
        tmp_path / "first",
        workers=0,
        on_progress=events.append,
        on_start=lambda folder, line: starts.append((folder, line)),
    )
    assert starts == [(tmp_path / "first", "2 optimizers on 1 tasks, in this process")]
    assert events and events[-1].num_trainings == events[-1].total
    assert set(report.summary["optimizers"]) == {"adamw", "lion"}
    assert report.markdown == report._repr_markdown_() and "adamw" in report.markdown
    again = lionhunt.compare(COMPARISON, tmp_path / "first", workers=0)
    # The second call trained nothing.
    assert again.summary == report.summary and len(trainers) == 1
    with pytest.raises(lionhunt.LionhuntError, match="another comparison"):
        lionhunt.compare(COMPARISON, tmp_path / "first", settings={"num_final_seeds": 6})


def test_select_takes_runs_and_folders(monkeypatch, tmp_path):
    monkeypatch.setattr(loop, "open_pools", lambda *_: make_pool())
    finished(tmp_path / "run")
    run = lionhunt.load(tmp_path / "run")
    report = lionhunt.select([run], SELECTION, tmp_path / "first", workers=0)
    other = lionhunt.select([tmp_path / "run"], SELECTION, tmp_path / "second", workers=0)
    assert report.summary["stages"] == other.summary["stages"]
    assert report.summary["winners"] == other.summary["winners"]
    assert "stage 1" in report.markdown


def test_exhaust_passes_events_on_and_returns_the_result():
    def count():
        yield 1
        yield 2
        return "done"

    events = []
    assert exhaust(count(), events.append) == "done" == exhaust(count(), None)
    assert events == [1, 2]
