"""Speeds of Lion and AdamW: all pairs are measured, and what does not fit is left out."""

import optax
import pytest

from lionhunt.search.paper.costs import speed
from lionhunt.search.paper.costs.speed import measure_steps, measure_training
from lionhunt.search.paper.costs.timed_runs import Runner, TimedPair
from tests.support.search.line_task import make_line_task


def test_measurements_have_all_pairs(monkeypatch):
    pairs = {name: TimedPair(lambda: optax.sgd(0.1), lambda: optax.sgd(0.1)) for name in "ab"}
    monkeypatch.setattr(speed, "PAIRS", pairs)
    quick = {"num_rounds": 2, "turn_seconds": 1e-4}
    activities = []
    steps, left_out = measure_steps([60], **quick, on_activity=activities.append)
    training, _ = measure_training([make_line_task()], **quick, on_activity=activities.append)
    assert left_out == []
    assert [(each.done, each.total) for each in activities] == [(0, 2), (1, 2)] * 2
    for speeds, name in ((steps, "optimizer step"), (training, "line")):
        assert [(s.name, s.written_as) for s in speeds] == [(name, "a"), (name, "b")]
        for measured in speeds:
            assert measured.ratio.low <= measured.ratio.mean <= measured.ratio.high
            assert measured.lion_steps > 0 < measured.adamw_steps
            assert (measured.num_rounds, measured.clock) == (2, "processor time")
    assert {s.num_parameters for s in training} == {3}


def test_ratio_is_above_1_where_lion_is_faster():
    timing = speed._Timing([1.0, 2.0], [2.0, 4.0], "a clock")
    measured = speed._speed("", "", 1, [Runner(lambda n: (n, n), 7)] * 2, timing)
    assert measured.ratio == pytest.approx((2, 2, 2))
    assert (measured.lion_steps, measured.adamw_steps) == (1 / 1.5, 1 / 3)
    assert (measured.lion_scratch, measured.adamw_scratch) == (7, 7)


def test_size_that_memory_does_not_hold_is_left_out_with_a_reason(monkeypatch):
    monkeypatch.setattr(speed, "available_bytes", lambda: 2**30)
    speeds, (left_out,) = measure_steps([10**9])
    assert speeds == []
    assert left_out.num_parameters == 10**9
    assert left_out.reason == "it needs about 41.9 GiB of memory; 1.0 GiB are free"
