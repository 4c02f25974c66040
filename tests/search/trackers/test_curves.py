"""Curves of a run: one point a step, however often you stop the run."""

import json

import pytest

from lionhunt.search.driver import scoring
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.log import write_log
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.trackers import curves, tensorboard
from lionhunt.search.trackers.curves import draw_curves
from tests.support.search.runs import FormulaPool, advance, create, start_formula_pool


class Drawn:
    """Records the points of all sessions, and the programs before each."""

    def __init__(self):
        self.points, self.before, self.ends = [], [], []

    def open(self, num_before):
        self.before.append(num_before)
        return self

    def add(self, step, values):
        self.points.append((step, values))

    def close(self, is_done):
        self.ends.append(is_done)


@pytest.fixture
def drawn():
    return Drawn()


def session(start, stop, total=5000):
    """Yield the progress of a part of a run, which records three programs at a time."""
    progress = RunProgress(total, 10, num_programs=start, num_before=start)
    while progress.num_programs < stop:
        progress.num_programs = min(progress.num_programs + 3, stop)
        progress.seconds += 1.5
        yield progress


def test_a_stopped_run_has_the_curves_of_one_that_was_not(drawn):
    list(draw_curves(session(0, 5000), "test", drawn.open))
    steps = [step for step, _ in drawn.points]
    assert len(steps) == curves.NUM_POINTS and steps[-1] == 5000
    assert {b - a for a, b in zip(steps, steps[1:], strict=False)} <= {3, 6, 5, 2}
    again = Drawn()
    for start, stop in ((0, 4), (4, 1234), (1234, 1235), (1235, 1236), (1236, 5000)):
        list(draw_curves(session(start, stop), "test", again.open))
    later = [step for step, _ in again.points]
    assert later == sorted(set(later)) and later[-1] == 5000
    assert [step // 5 for step in later] == [step // 5 for step in steps]
    # A session without a point opens nothing.
    assert again.before == [4, 1234, 1236]
    assert again.ends == [False, False, True] and drawn.ends == [True]


def test_points_are_what_the_progress_says(drawn):
    statuses = {Status.OK: 20, Status.HURDLE: 3}
    progress = RunProgress(40, 10, num_programs=30, num_before=25, num_evaluated=8, seconds=2.0)
    progress.statuses.update(statuses)
    progress.recent.extend([(10, 6), (10, 5)])
    list(draw_curves(iter([progress]), "test", drawn.open))
    assert drawn.points == [
        (
            30,
            {
                "cache_hit_rate": 13 / 20,
                "redundant_share": pytest.approx(0.45),
                "programs_per_second": 2.5,
                "outcomes/ok": 20,
                "outcomes/hurdle": 3,
            },
        )
    ]


def test_run_that_ends_by_its_training_has_a_last_point(drawn):
    def run():
        for progress in session(0, 22):
            progress.num_chunks, progress.max_chunks = progress.num_programs, 22
            yield progress

    list(draw_curves(run(), "test", drawn.open))
    assert [step for step, _ in drawn.points] == [6, 12, 15, 21, 22]


@pytest.mark.parametrize("error", [OSError("disk full"), RuntimeError("no network")])
def test_what_cannot_be_drawn_is_logged_and_the_run_goes_on(tmp_path, error):
    def fail(num_before):
        raise error

    with write_log(tmp_path / "log"):
        assert len(list(draw_curves(session(0, 30), "some_tool", fail))) == 10
    logged = [json.loads(line) for line in (tmp_path / "log").read_text().splitlines()]
    assert [(line["event"], line["message"]) for line in logged] == [
        ("some_tool_failed", str(error))
    ]


def test_run_whose_config_asks_is_drawn_and_logged(invoke_cli, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(scoring, "start_pool", start_formula_pool())
    monkeypatch.setattr(tensorboard, "EventFile", lambda folder, first: drawn.open(first))
    with create(tmp_path, observability={"tensorboard": True}) as records:
        advance(records, FormulaPool(), 50)
        before = records.count()
    assert invoke_cli("resume", tmp_path)[0] == 0
    with RunStore.open_to_read(tmp_path) as records:
        summary = summarize_run(records)
    steps = [step for step, _ in drawn.points]
    assert drawn.before == [before + 1] and before < steps[0] < steps[-1] == 120
    _, last = drawn.points[-1]
    del last["programs_per_second"]
    assert last == {
        "best_fitness": summary["best"]["fitness"],
        "cache_hit_rate": summary["cache_hit_rate"],
        "redundant_share": summary["redundant_share"],
        **{f"outcomes/{status}": count for status, count in summary["outcomes"].items()},
    }
    log = [json.loads(line) for line in (tmp_path / "run.log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log] == ["resumed", "progress", "ended"]
    assert (log[0]["programs"], log[1]["programs"]) == (before, 120)
