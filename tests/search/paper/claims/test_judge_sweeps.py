"""Verdicts over batch sizes and over squares of learning rates and weight decays."""

import math

import pytest

from lionhunt.search.comparison.result import GridTrial, Hyperparameters
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.paper.claims.claim import Verdict
from lionhunt.search.paper.claims.judge_sweeps import (
    judge_batch_size,
    judge_robustness,
    judge_small_batches,
    ranges_by_seed,
)
from tests.support.search.planted_comparisons import (
    DIRECTIONS,
    EFFECTS,
    NOISE,
    better,
    planted,
    square,
    task_named,
)


@EFFECTS
@DIRECTIONS
def test_advantage_that_grows_with_the_batch_size(effect, verdict, higher_is_better):
    cells = {}
    for size in (8, 64, 512):
        task = task_named("vit", size, higher_is_better)
        grown = better(effect * math.log2(size / 64), higher_is_better)
        cells |= {("lion", task): {"score": grown}, ("adamw", task): {"score": 0.8}}
    finding = judge_batch_size(planted(cells))
    assert (finding.verdict, len(finding.rows)) == (verdict, 1)
    slope = finding.rows[0].numbers[-1]
    assert (slope.name, slope.value) == ("a doubling", pytest.approx(effect, abs=NOISE))
    below = judge_small_batches(planted(cells, noise=1e-4))
    assert [row.case for row in below.rows] == [f"vit at 8, {task.metric}"]
    # An advantage that shrinks with the batch size exists below 64.
    has_advantage = effect < 0
    assert below.verdict is (Verdict.REVERSED if has_advantage else Verdict.SEEN)


def test_batch_sizes_of_each_family_have_a_slope_of_their_own():
    cells = {}
    for kind, slope in (("vit", 0.1), ("lm", -0.1)):
        for size in (16, 64):
            task = task_named(kind, size)
            cells |= {
                ("lion", task): {"score": slope * math.log2(size)},
                ("adamw", task): {"score": 0.0},
            }
    finding = judge_batch_size(planted(cells))
    verdicts = {row.case.partition(",")[0]: row.verdict for row in finding.rows}
    assert verdicts == {"vit": Verdict.SEEN, "lm": Verdict.REVERSED}
    assert finding.verdict is Verdict.NOT_SEEN


@EFFECTS
@DIRECTIONS
def test_robustness(effect, verdict, higher_is_better):
    task = task_named("a", higher_is_better=higher_is_better)
    spreads = {"lion": 0.3 - effect, "adamw": 0.3}
    cells = {(name, task): {"spread": square(s, seed=len(name))} for name, s in spreads.items()}
    finding = judge_robustness(planted(cells))
    assert finding.verdict is verdict
    numbers = {number.name: number for number in finding.rows[0].numbers}
    assert numbers["spread of adamw"].value == pytest.approx(0.3, abs=0.01)
    ratio = numbers["ratio"]
    assert ratio.low < 1 - effect / 0.3 < ratio.high
    assert ratio.value == pytest.approx(spreads["lion"] / 0.3, abs=0.05)


@pytest.mark.parametrize(
    "failures, verdict",
    [
        ((0, 2), Verdict.SEEN),
        ((2, 0), Verdict.REVERSED),
        ((1, 0), Verdict.NOT_SEEN),
        ((1, 1), Verdict.NOT_MEASURED),
        ((1, 2), Verdict.NOT_MEASURED),
    ],
)
def test_points_that_do_not_train_are_not_robust(failures, verdict):
    task = task_named("a")
    cells = {}
    for name, num_failures in zip(("lion", "adamw"), failures, strict=True):
        failed = tuple(
            trial._replace(scores=(), status=Status.NOT_FINITE) if i < num_failures else trial
            for i, trial in enumerate(square(0.1))
        )
        cells[name, task] = {"spread": failed}
    finding = judge_robustness(planted(cells))
    assert finding.verdict is verdict
    assert "points" in finding.rows[0].note


def test_range_of_a_seed_is_between_the_points_with_the_extreme_means():
    trials = [
        GridTrial(Hyperparameters(1, 1), scores, Status.OK) for scores in [(1, 5), (2, 2), (8, 0)]
    ]
    assert ranges_by_seed(trials) == [6, -2]
