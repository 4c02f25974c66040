"""The curves of a run: one point a step, however often the run is stopped."""

import json

import pytest

from lionhunt.search.cli import main as cli
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.summary import summarize_run
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.log import write_log
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.trackers import tensorboard
from lionhunt.search.trackers.tensorboard import draw_progress
from tests.support.search.runs import FormulaPool, advance, create, start_formula_pool


@pytest.fixture
def drawn(monkeypatch):
    """The points that are written, of all sessions, and the first steps of these."""

    class Drawn:
        points: list = []
        first_steps: list = []

        def __init__(self, folder, first_step):
            self.first_steps.append(first_step)

        def add(self, step, values):
            self.points.append((step, values))

        def close(self):
            pass

    monkeypatch.setattr(tensorboard, "EventFile", Drawn)
    monkeypatch.setattr(Drawn, "points", [])
    monkeypatch.setattr(Drawn, "first_steps", [])
    return Drawn


def session(start, stop, total=5000):
    """A part of a run that is recorded three programs at a time."""
    progress = RunProgress(total, 10, num_programs=start, num_before=start)
    while progress.num_programs < stop:
        progress.num_programs = min(progress.num_programs + 3, stop)
        progress.seconds += 1.5
        yield progress


def test_a_stopped_run_has_the_curves_of_one_that_was_not(drawn, tmp_path):
    list(draw_progress(session(0, 5000), tmp_path))
    steps = [step for step, _ in drawn.points]
    assert len(steps) == tensorboard.NUM_POINTS and steps[-1] == 5000
    assert {b - a for a, b in zip(steps, steps[1:], strict=False)} <= {3, 6, 5, 2}
    drawn.points.clear()
    for start, stop in ((0, 4), (4, 1234), (1234, 1235), (1235, 1236), (1236, 5000)):
        list(draw_progress(session(start, stop), tmp_path))
    again = [step for step, _ in drawn.points]
    assert again == sorted(set(again)) and again[-1] == 5000
    assert [step // 5 for step in again] == [step // 5 for step in steps]
    assert drawn.first_steps == [0, 5, 1235, 1237]  # a session without a point has no file


def test_points_are_what_the_progress_says(drawn, tmp_path):
    reasons = {Status.OK: 20, Status.HURDLE: 3}
    progress = RunProgress(40, 10, num_programs=30, num_before=25, num_evaluated=8, seconds=2.0)
    progress.statuses.update(reasons)
    progress.recent.extend([(10, 6), (10, 5)])
    list(draw_progress(iter([progress]), tmp_path))
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


def test_run_that_ends_by_its_training_has_a_last_point(drawn, tmp_path):
    def run():
        for progress in session(0, 22):
            progress.num_chunks, progress.max_chunks = progress.num_programs, 22
            yield progress

    list(draw_progress(run(), tmp_path))
    assert [step for step, _ in drawn.points] == [6, 12, 15, 21, 22]


def test_what_cannot_be_drawn_is_logged_and_the_run_goes_on(tmp_path):
    (tmp_path / "file").write_text("")
    with write_log(tmp_path / "log"):
        assert len(list(draw_progress(session(0, 30), tmp_path / "file"))) == 10
    assert (tmp_path / "log").read_text().count("tensorboard_failed") == 1


def test_run_whose_config_asks_is_drawn_and_logged(lionhunt, drawn, tmp_path, monkeypatch):
    monkeypatch.setattr(cli, "start_pool", start_formula_pool())
    asked = {"observability": {"tensorboard": True}}
    with create(tmp_path, **asked) as records:
        advance(records, FormulaPool(), 50)
        before = records.count()
    assert lionhunt("resume", tmp_path)[0] == 0
    with RunStore.open_to_read(tmp_path) as records:
        summary = summarize_run(records)
    steps = [step for step, _ in drawn.points]
    assert drawn.first_steps == [before + 1] and before < steps[0] < steps[-1] == 120
    _, last = drawn.points[-1]
    del last["programs_per_second"]
    assert last == {
        "best_fitness": summary["best"]["fitness"],
        "cache_hit_rate": summary["cache_hit_rate"],
        "redundant_share": summary["redundant_share"],
        **{f"outcomes/{reason}": count for reason, count in summary["outcomes"].items()},
    }
    log = [json.loads(line) for line in (tmp_path / "run.log.jsonl").read_text().splitlines()]
    assert [line["event"] for line in log] == ["resumed", "progress", "ended"]
    assert (log[0]["programs"], log[1]["programs"]) == (before, 120)
