"""Verdicts on comparisons in which an effect was planted: seen, not seen, reversed."""

import pytest

from lionhunt.search.paper.claims.claim import Verdict
from lionhunt.search.paper.claims.judge_comparisons import (
    judge_beta2,
    judge_convolutions,
    judge_flatness,
    judge_one_beta,
    judge_relative_flatness,
    judge_training_loss,
)
from tests.support.search.planted_comparisons import (
    DIRECTIONS,
    EFFECTS,
    NOISE,
    better,
    planted,
    task_named,
)


@EFFECTS
@DIRECTIONS
def test_better_validation_with_higher_loss(effect, verdict, higher_is_better):
    task = task_named("a", higher_is_better=higher_is_better)
    lion = {"score": better(effect, higher_is_better), "training_loss": 0.5 + effect}
    comparison = planted({("lion", task): lion, ("adamw", task): {"training_loss": 0.5}})
    finding = judge_training_loss(comparison)
    assert finding.verdict is verdict
    numbers = {number.name: number for number in finding.rows[0].numbers}
    assert numbers["better by"].value == pytest.approx(effect, abs=NOISE)
    assert numbers["higher by"].value == pytest.approx(effect, abs=NOISE)


@pytest.mark.parametrize("loss, score", [(0.6, 0.7), (0.4, 0.9), (0.6, 0.8), (0.5, 0.9)])
def test_half_of_a_claim_is_not_seen(loss, score):
    task = task_named("a")
    comparison = planted(
        {
            ("lion", task): {"score": score, "training_loss": loss},
            ("adamw", task): {"score": 0.8, "training_loss": 0.5},
        }
    )
    assert judge_training_loss(comparison).verdict is Verdict.NOT_SEEN


@EFFECTS
def test_flatness_at_every_noise(effect, verdict):
    task = task_named("a")
    for judge, which in (
        (judge_flatness, "absolute_noise"),
        (judge_relative_flatness, "relative_noise"),
    ):
        lion = {which: [1.0 - effect] * 3}
        comparison = planted({("lion", task): lion, ("adamw", task): {which: [1.0] * 3}})
        finding = judge(comparison)
        assert [row.verdict for row in finding.rows] == [verdict] * 3
        other = {judge_flatness, judge_relative_flatness} - {judge}
        assert other.pop()(comparison).verdict is Verdict.NOT_SEEN


@EFFECTS
def test_one_beta_against_two(effect, verdict):
    task = task_named("a", higher_is_better=False)
    scores = {"lion": 1.0 - effect, "one_beta1": 1.0, "one_beta2": 1.0, "adamw": 1.0 - effect / 2}
    comparison = planted({(name, task): {"score": score} for name, score in scores.items()})
    finding = judge_one_beta(comparison)
    assert [row.verdict for row in finding.rows] == [verdict]
    numbers = {number.name: number.value for number in finding.rows[0].numbers}
    assert numbers["validation of adamw"] == pytest.approx(scores["adamw"], abs=NOISE)
    assert numbers["Lion better than beta2 alone by"] == pytest.approx(effect, abs=NOISE)


@pytest.mark.parametrize(
    "alone, verdict",
    [((0.7, 0.7), Verdict.SEEN), ((0.7, 0.9), Verdict.REVERSED), ((0.7, 0.8), Verdict.NOT_SEEN)],
)
def test_either_beta_alone_has_to_be_worse(alone, verdict):
    task = task_named("a")
    scores = dict(zip(("lion", "one_beta1", "one_beta2", "adamw"), (0.8, *alone, 0.8), strict=True))
    comparison = planted({(name, task): {"score": score} for name, score in scores.items()})
    assert judge_one_beta(comparison).verdict is verdict


@pytest.mark.parametrize(
    "effect, verdict",
    [(0.0, Verdict.SEEN), (0.1, Verdict.REVERSED), (-0.1, Verdict.REVERSED)],
)
def test_only_convolutions_are_small(effect, verdict):
    conv, vit = task_named("digits_conv"), task_named("digits_vit")
    lion = {("lion", conv): {"score": 0.8 + effect}, ("lion", vit): {"score": 0.9}}
    quiet = planted(lion | {("adamw", conv): {}, ("adamw", vit): {}}, noise=1e-4)
    finding = judge_convolutions(quiet)
    assert (finding.verdict, len(finding.rows)) == (verdict, 1)
    loud = planted({("lion", conv): {}, ("adamw", conv): {}}, noise=0.05)
    assert judge_convolutions(loud).verdict is Verdict.NOT_SEEN


@pytest.mark.parametrize(
    "score, verdict",
    [(0.7, Verdict.SEEN), (0.8, Verdict.SEEN), (0.9, Verdict.REVERSED)],
)
def test_constant_of_the_paper_against_the_found_one(score, verdict):
    task = task_named("a")
    cells = {("lion_0.998", task): {"score": score}, ("lion_0.99", task): {"score": 0.8}}
    assert judge_beta2(planted(cells, noise=1e-4)).verdict is verdict
