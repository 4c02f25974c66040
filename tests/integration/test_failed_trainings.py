"""Failed trainings: an optimizer that fails is never better, and missing ones are not judged."""

import pytest

from lionhunt.search.paper.claims.claim import Verdict
from lionhunt.search.paper.claims.judge_comparisons import (
    judge_convolutions,
    judge_flatness,
    judge_training_loss,
)
from lionhunt.search.paper.claims.judge_sweeps import (
    judge_batch_size,
    judge_learning_rate,
    judge_robustness,
    judge_small_batches,
)
from tests.support.search.planted_comparisons import SEEDS, planted, task_named, without_final


def test_seeds_that_fail_are_left_out_and_told():
    task = task_named("digits_conv")
    comparison = planted({("lion", task): {"score": 0.9}, ("adamw", task): {"score": 0.8}})
    failing = without_final(comparison, "lion", task, seed=SEEDS[0])
    assert judge_convolutions(failing).rows[0].note == "lion failed with 1 of the seeds"
    for seed in SEEDS[1:-1]:
        failing = without_final(failing, "lion", task, seed=seed)
    assert judge_flatness(failing).verdict is Verdict.NOT_MEASURED


@pytest.mark.parametrize("failing, keeps", [("lion", False), ("adamw", True)])
def test_optimizer_that_fails_is_never_the_better_one(failing, keeps):
    """Check that Lion, better in everything, is seen as better only if it never fails."""
    cells = {}
    for size, score in ((8, 0.85), (64, 0.9)):
        task = task_named("digits_vit", size)
        lion = {"score": score, "training_loss": 0.6, "absolute_noise": (0.5, 0.5, 0.5)}
        cells |= {("lion", task): lion, ("adamw", task): {}}
    comparison = planted(cells)
    judges = (
        judge_flatness,
        judge_training_loss,
        judge_batch_size,
    )
    assert all(judge(comparison).verdict is Verdict.SEEN for judge in judges)
    for task in comparison.tasks:
        comparison = without_final(comparison, failing, task, seed=SEEDS[0])
    expected = Verdict.SEEN if keeps else Verdict.NOT_SEEN
    assert all(judge(comparison).verdict is expected for judge in judges)
    assert (judge_small_batches(comparison).verdict is Verdict.REVERSED) == keeps


def test_no_advantage_cannot_be_seen_where_the_other_fails():
    task = task_named("a", 16)
    comparison = planted({("lion", task): {"score": 0.7}, ("adamw", task): {"score": 0.8}})
    assert judge_small_batches(comparison).verdict is Verdict.SEEN
    failing = without_final(comparison, "adamw", task, seed=SEEDS[0])
    assert judge_small_batches(failing).verdict is Verdict.NOT_SEEN
    failing = without_final(comparison, "lion", task, seed=SEEDS[0])
    assert judge_small_batches(failing).verdict is Verdict.SEEN


def test_batch_size_at_which_one_never_trains_leaves_no_slope():
    cells = {}
    for size in (8, 64, 512):
        task = task_named("vit", size)
        cells |= {("lion", task): {"score": size / 1000}, ("adamw", task): {"score": 0.0}}
    assert judge_batch_size(planted(cells)).verdict is Verdict.SEEN
    cells["lion", task_named("vit", 64)] = {"best": None}
    assert judge_batch_size(planted(cells)).verdict is Verdict.NOT_MEASURED


def test_optimizer_that_never_trains_is_not_measured():
    task = task_named("a", 16)
    comparison = planted({("lion", task): {"best": None}, ("adamw", task): {}})
    for judge in (
        judge_flatness,
        judge_training_loss,
        judge_batch_size,
        judge_small_batches,
        judge_robustness,
        judge_learning_rate,
    ):
        finding = judge(comparison)
        assert finding.verdict is Verdict.NOT_MEASURED
        assert "nothing could be measured" in finding.sentence
