"""Verdicts on comparisons in which an effect was planted: seen, not seen, reversed."""

import dataclasses
import math
import zlib

import numpy as np
import pytest
from planted_comparisons import NOISE, SEEDS, planted, task_named, without_final

from search.claims import sweeps, verdicts
from search.claims.best_points import factor_between
from search.claims.claim import Verdict
from search.compare.result import Point, Trial, Tuned
from search.outcome import Reason

EFFECTS = pytest.mark.parametrize(
    "effect, verdict",
    [(0.1, Verdict.SEEN), (0.0, Verdict.NOT_SEEN), (-0.1, Verdict.REVERSED)],
)
DIRECTIONS = pytest.mark.parametrize("higher_is_better", [True, False])


def better(effect, higher_is_better=True):
    """The score of one that is better by so much than 0.8."""
    return 0.8 + (effect if higher_is_better else -effect)


@EFFECTS
@DIRECTIONS
def test_better_validation_with_higher_loss(effect, verdict, higher_is_better):
    task = task_named("a", higher_is_better=higher_is_better)
    lion = {"score": better(effect, higher_is_better), "training_loss": 0.5 + effect}
    comparison = planted({("lion", task): lion, ("adamw", task): {"training_loss": 0.5}})
    finding = verdicts.higher_loss_better_validation(comparison)
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
    assert verdicts.higher_loss_better_validation(comparison).verdict is Verdict.NOT_SEEN


@EFFECTS
def test_flatness_at_every_noise(effect, verdict):
    task = task_named("a")
    for judge, which in (
        (verdicts.flatness, "absolute_noise"),
        (verdicts.relative_flatness, "relative_noise"),
    ):
        lion = {which: [1.0 - effect] * 3}
        comparison = planted({("lion", task): lion, ("adamw", task): {which: [1.0] * 3}})
        finding = judge(comparison)
        assert [row.verdict for row in finding.rows] == [verdict] * 3
        other = {verdicts.flatness, verdicts.relative_flatness} - {judge}
        assert other.pop()(comparison).verdict is Verdict.NOT_SEEN


@EFFECTS
def test_one_beta_against_two(effect, verdict):
    task = task_named("a", higher_is_better=False)
    scores = {"lion": 1.0 - effect, "one_beta1": 1.0, "one_beta2": 1.0, "adamw": 1.0 - effect / 2}
    comparison = planted({(name, task): {"score": score} for name, score in scores.items()})
    finding = verdicts.one_beta(comparison)
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
    assert verdicts.one_beta(comparison).verdict is verdict


@pytest.mark.parametrize(
    "effect, verdict",
    [(0.0, Verdict.SEEN), (0.1, Verdict.REVERSED), (-0.1, Verdict.REVERSED)],
)
def test_only_convolutions_are_small(effect, verdict):
    conv, vit = task_named("digits_conv"), task_named("digits_vit")
    lion = {("lion", conv): {"score": 0.8 + effect}, ("lion", vit): {"score": 0.9}}
    quiet = planted(lion | {("adamw", conv): {}, ("adamw", vit): {}}, noise=1e-4)
    finding = verdicts.convolutions(quiet)
    assert (finding.verdict, len(finding.rows)) == (verdict, 1)
    loud = planted({("lion", conv): {}, ("adamw", conv): {}}, noise=0.05)
    assert verdicts.convolutions(loud).verdict is Verdict.NOT_SEEN


@pytest.mark.parametrize(
    "found, verdict",
    [(0.7, Verdict.SEEN), (0.8, Verdict.SEEN), (0.9, Verdict.REVERSED)],
)
def test_constant_of_the_paper_against_the_found_one(found, verdict):
    task = task_named("a")
    cells = {("lion_0.998", task): {"score": found}, ("lion_0.99", task): {"score": 0.8}}
    assert verdicts.constants(planted(cells, noise=1e-4)).verdict is verdict


@EFFECTS
@DIRECTIONS
def test_advantage_that_grows_with_the_batch_size(effect, verdict, higher_is_better):
    cells = {}
    for size in (8, 64, 512):
        task = task_named("vit", size, higher_is_better)
        grown = better(effect * math.log2(size / 64), higher_is_better)
        cells |= {("lion", task): {"score": grown}, ("adamw", task): {"score": 0.8}}
    finding = sweeps.growth_with_batch_size(planted(cells))
    assert (finding.verdict, len(finding.rows)) == (verdict, 1)
    slope = finding.rows[0].numbers[-1]
    assert (slope.name, slope.value) == ("a doubling", pytest.approx(effect, abs=NOISE))
    below = sweeps.small_batches(planted(cells, noise=1e-4))
    assert [row.case for row in below.rows] == [f"vit at 8, {task.metric}"]
    has_advantage = effect < 0  # where it shrinks with the batch size
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
    finding = sweeps.growth_with_batch_size(planted(cells))
    found = {row.case.partition(",")[0]: row.verdict for row in finding.rows}
    assert found == {"vit": Verdict.SEEN, "lm": Verdict.REVERSED}
    assert finding.verdict is Verdict.NOT_SEEN


def square(spread, center=0.8, noise=0.003, seed=0):
    """A grid of nine points, the last worse by `spread` than the first."""
    rng = np.random.default_rng(seed)
    return tuple(
        Trial(
            Point(1e-3 * 2 ** (i // 3), 0.1 * 2 ** (i % 3)),
            tuple(center - spread * i / 8 + noise * rng.normal(size=5)),
            Reason.OK,
        )
        for i in range(9)
    )


@EFFECTS
@DIRECTIONS
def test_robustness(effect, verdict, higher_is_better):
    task = task_named("a", higher_is_better=higher_is_better)
    spreads = {"lion": 0.3 - effect, "adamw": 0.3}
    cells = {(name, task): {"spread": square(s, seed=len(name))} for name, s in spreads.items()}
    finding = sweeps.robustness(planted(cells))
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
            trial._replace(scores=(), reason=Reason.NOT_FINITE) if i < num_failures else trial
            for i, trial in enumerate(square(0.1))
        )
        cells[name, task] = {"spread": failed}
    finding = sweeps.robustness(planted(cells))
    assert finding.verdict is verdict
    assert "points" in finding.rows[0].note


def test_range_of_a_seed_is_between_the_points_with_the_extreme_means():
    trials = [Trial(Point(1, 1), scores, Reason.OK) for scores in [(1, 5), (2, 2), (8, 0)]]
    assert sweeps.ranges_by_seed(trials) == [6, -2]


def peaked(center, width=1.0, num_seeds=3, noise=0.0):
    """Trials on a grid by factors of 2, the best at `center`: a parabola in the logarithms."""
    rng = np.random.default_rng(zlib.crc32(repr(center).encode()))
    trials = []
    for rate in 1e-3 * 2.0 ** np.arange(-5, 6):
        for decay in 0.1 * 2.0 ** np.arange(-5, 6):
            steps = np.log2(rate / center.learning_rate), np.log2(decay / center.weight_decay)
            score = 0.8 - 0.01 / width * np.square(steps).sum()
            scores = tuple(score + noise * rng.normal(size=num_seeds))
            trials.append(Trial(Point(rate, decay), scores, Reason.OK))
    return tuple(trials)


def factor_findings(mine, theirs, **plant):
    """Of both coordinates, where Lion's best and AdamW's lie there."""
    task = task_named("a")
    cells = {
        ("lion", task): plant | {"best": mine, "trials": plant.get("trials", peaked(mine))},
        ("adamw", task): plant | {"best": theirs, "trials": plant.get("trials", peaked(theirs))},
    }
    comparison = planted(cells)
    return sweeps.learning_rates(comparison), sweeps.weight_decays(comparison)


@pytest.mark.parametrize(
    "factor, verdict",
    [
        (4.0, Verdict.SEEN),
        (8.0, Verdict.SEEN),
        (2.0, Verdict.NOT_SEEN),
        (16.0, Verdict.NOT_SEEN),
        (1.0, Verdict.NOT_SEEN),
        (0.25, Verdict.REVERSED),
    ],
)
def test_factors_between_best_points(factor, verdict):
    best = Point(1e-3, 0.1)
    rates, _ = factor_findings(Point(1e-3 / factor, 0.1), best)
    _, decays = factor_findings(Point(1e-3, 0.1 * factor), best)
    for finding in (rates, decays):
        numbers = {number.name: number.value for number in finding.rows[0].numbers}
        assert numbers["factor"] == pytest.approx(factor)
        assert finding.verdict is verdict


def test_flat_scores_show_no_factor():
    """Where all points tie, the first is the best, and that is where tuning began."""
    flat = peaked(Point(1e-3, 0.1), width=np.inf)
    for finding in factor_findings(Point(2.5e-4, 0.4), Point(1e-3, 0.1), trials=flat):
        assert finding.verdict is Verdict.NOT_SEEN
        (factor,) = (n for n in finding.rows[0].numbers if n.name == "factor")
        assert (factor.low, factor.high) == pytest.approx((2**-10, 2**10))


def test_noise_of_tuning_seeds_widens_the_factor():
    mine, theirs = Point(2.5e-4, 0.1), Point(1e-3, 0.1)
    widths = []
    for noise in (0.0, 1e-3, 0.1):
        over = Tuned(peaked(theirs, noise=noise), theirs, (), ())
        under = Tuned(peaked(mine, noise=noise), mine, (), ())
        found = factor_between(over, under, "learning_rate", higher_is_better=True)
        assert found.low <= found.mean <= found.high
        widths.append(found.high / found.low)
    assert widths[0] == pytest.approx(1) and widths == sorted(widths) and widths[2] > 4


def test_factor_at_an_edge_is_not_measured():
    task = task_named("a")
    mine, theirs = Point(2.5e-4, 0.1), Point(1e-3, 0.1)
    comparison = planted(
        {
            (name, task): {"best": best, "trials": peaked(best), "spread": square(0.1)}
            for name, best in (("lion", mine), ("adamw", theirs))
        }
    )
    cells = dict(comparison.cells)
    cells["adamw", task.name] = cells["adamw", task.name]._replace(at_edge=("weight_decay",))
    comparison = dataclasses.replace(comparison, cells=cells)
    assert sweeps.learning_rates(comparison).verdict is Verdict.SEEN
    for judge in (sweeps.weight_decays, sweeps.robustness):
        finding = judge(comparison)
        assert finding.verdict is Verdict.NOT_MEASURED
        assert finding.rows[0].note == "adamw is best at an edge of its weight decays"


def test_step_of_the_grid_is_the_one_beside_the_best_point():
    task = task_named("a")
    trials = tuple(Trial(Point(rate, 0.1), (0.8,), Reason.OK) for rate in (1, 2, 4, 16, 64))
    cells = {
        ("lion", task): {"best": Point(2, 0.1), "trials": trials},
        ("adamw", task): {"best": Point(16, 0.1), "trials": trials},
    }
    numbers = {n.name: n.value for n in sweeps.learning_rates(planted(cells)).rows[0].numbers}
    assert (numbers["factor"], numbers["step of the grid"]) == (8, 4)
    assert numbers["product of adamw"] == pytest.approx(1.6)


def test_seeds_that_fail_are_left_out_and_told():
    task = task_named("digits_conv")
    comparison = planted({("lion", task): {"score": 0.9}, ("adamw", task): {"score": 0.8}})
    failing = without_final(comparison, "lion", task, seed=SEEDS[0])
    assert verdicts.convolutions(failing).rows[0].note == "lion failed with 1 of the seeds"
    for seed in SEEDS[1:-1]:
        failing = without_final(failing, "lion", task, seed=seed)
    assert verdicts.flatness(failing).verdict is Verdict.NOT_MEASURED


@pytest.mark.parametrize("failing, keeps", [("lion", False), ("adamw", True)])
def test_who_fails_is_never_the_better_one(failing, keeps):
    """Lion is better in everything; that is seen only where it never fails."""
    cells = {}
    for size, score in ((8, 0.85), (64, 0.9)):
        task = task_named("digits_vit", size)
        lion = {"score": score, "training_loss": 0.6, "absolute_noise": (0.5, 0.5, 0.5)}
        cells |= {("lion", task): lion, ("adamw", task): {}}
    comparison = planted(cells)
    judges = (
        verdicts.flatness,
        verdicts.higher_loss_better_validation,
        sweeps.growth_with_batch_size,
    )
    assert all(judge(comparison).verdict is Verdict.SEEN for judge in judges)
    for task in comparison.tasks:
        comparison = without_final(comparison, failing, task, seed=SEEDS[0])
    expected = Verdict.SEEN if keeps else Verdict.NOT_SEEN
    assert all(judge(comparison).verdict is expected for judge in judges)
    assert (sweeps.small_batches(comparison).verdict is Verdict.REVERSED) == keeps


def test_no_advantage_cannot_be_seen_where_the_other_fails():
    task = task_named("a", 16)
    comparison = planted({("lion", task): {"score": 0.7}, ("adamw", task): {"score": 0.8}})
    assert sweeps.small_batches(comparison).verdict is Verdict.SEEN
    failing = without_final(comparison, "adamw", task, seed=SEEDS[0])
    assert sweeps.small_batches(failing).verdict is Verdict.NOT_SEEN
    failing = without_final(comparison, "lion", task, seed=SEEDS[0])
    assert sweeps.small_batches(failing).verdict is Verdict.SEEN


def test_batch_size_at_which_one_never_trains_leaves_no_slope():
    cells = {}
    for size in (8, 64, 512):
        task = task_named("vit", size)
        cells |= {("lion", task): {"score": size / 1000}, ("adamw", task): {"score": 0.0}}
    assert sweeps.growth_with_batch_size(planted(cells)).verdict is Verdict.SEEN
    cells["lion", task_named("vit", 64)] = {"best": None}
    assert sweeps.growth_with_batch_size(planted(cells)).verdict is Verdict.NOT_MEASURED


def test_optimizer_that_never_trains_is_not_measured():
    task = task_named("a", 16)
    comparison = planted({("lion", task): {"best": None}, ("adamw", task): {}})
    for judge in (
        verdicts.flatness,
        verdicts.higher_loss_better_validation,
        sweeps.growth_with_batch_size,
        sweeps.small_batches,
        sweeps.robustness,
        sweeps.learning_rates,
    ):
        finding = judge(comparison)
        assert finding.verdict is Verdict.NOT_MEASURED
        assert "nothing could be measured" in finding.sentence
