"""Factors between best points, and their uncertainty."""

import dataclasses
import zlib

import numpy as np
import pytest

from lionhunt.search.comparison.result import GridTrial, Hyperparameters, Tuned
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.paper.claims.best_point_interval import factor_between
from lionhunt.search.paper.claims.claim import Verdict
from lionhunt.search.paper.claims.judge_sweeps import (
    judge_learning_rate,
    judge_robustness,
    judge_weight_decay,
)
from tests.support.search.planted_comparisons import planted, square, task_named


def peaked(center, width=1.0, num_seeds=3, noise=0.0):
    """Return trials on a grid by factors of 2: a parabola in the logarithms around `center`."""
    rng = np.random.default_rng(zlib.crc32(repr(center).encode()))
    trials = []
    for rate in 1e-3 * 2.0 ** np.arange(-5, 6):
        for decay in 0.1 * 2.0 ** np.arange(-5, 6):
            steps = np.log2(rate / center.learning_rate), np.log2(decay / center.weight_decay)
            score = 0.8 - 0.01 / width * np.square(steps).sum()
            scores = tuple(score + noise * rng.normal(size=num_seeds))
            trials.append(GridTrial(Hyperparameters(rate, decay), scores, Status.OK))
    return tuple(trials)


def factor_findings(lion, adamw, **plant):
    """Return the findings on both coordinates, given the best points of Lion and AdamW."""
    task = task_named("a")
    cells = {
        ("lion", task): plant | {"best": lion, "trials": plant.get("trials", peaked(lion))},
        ("adamw", task): plant | {"best": adamw, "trials": plant.get("trials", peaked(adamw))},
    }
    comparison = planted(cells)
    return judge_learning_rate(comparison), judge_weight_decay(comparison)


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
    best = Hyperparameters(1e-3, 0.1)
    rates, _ = factor_findings(Hyperparameters(1e-3 / factor, 0.1), best)
    _, decays = factor_findings(Hyperparameters(1e-3, 0.1 * factor), best)
    for finding in (rates, decays):
        numbers = {number.name: number.value for number in finding.rows[0].numbers}
        assert numbers["factor"] == pytest.approx(factor)
        assert finding.verdict is verdict


def test_flat_scores_show_no_factor():
    # All points tie, so the first is the best: the start of the tuning.
    flat = peaked(Hyperparameters(1e-3, 0.1), width=np.inf)
    for finding in factor_findings(
        Hyperparameters(2.5e-4, 0.4), Hyperparameters(1e-3, 0.1), trials=flat
    ):
        assert finding.verdict is Verdict.NOT_SEEN
        (factor,) = (n for n in finding.rows[0].numbers if n.name == "factor")
        assert (factor.low, factor.high) == pytest.approx((2**-10, 2**10))


def test_noise_of_tuning_seeds_widens_the_factor():
    lion, adamw = Hyperparameters(2.5e-4, 0.1), Hyperparameters(1e-3, 0.1)
    widths = []
    for noise in (0.0, 1e-3, 0.1):
        over = Tuned(peaked(adamw, noise=noise), adamw, (), ())
        under = Tuned(peaked(lion, noise=noise), lion, (), ())
        factor = factor_between(over, under, "learning_rate", higher_is_better=True)
        assert factor.low <= factor.mean <= factor.high
        widths.append(factor.high / factor.low)
    assert widths[0] == pytest.approx(1) and widths == sorted(widths) and widths[2] > 4


def test_factor_at_an_edge_is_not_measured():
    task = task_named("a")
    lion, adamw = Hyperparameters(2.5e-4, 0.1), Hyperparameters(1e-3, 0.1)
    comparison = planted(
        {
            (name, task): {"best": best, "trials": peaked(best), "spread": square(0.1)}
            for name, best in (("lion", lion), ("adamw", adamw))
        }
    )
    cells = dict(comparison.cells)
    cells["adamw", task.name] = cells["adamw", task.name]._replace(at_edge=("weight_decay",))
    comparison = dataclasses.replace(comparison, cells=cells)
    assert judge_learning_rate(comparison).verdict is Verdict.SEEN
    for judge in (judge_weight_decay, judge_robustness):
        finding = judge(comparison)
        assert finding.verdict is Verdict.NOT_MEASURED
        assert finding.rows[0].note == "adamw is best at an edge of its weight decays"


def test_step_of_the_grid_is_the_one_beside_the_best_point():
    task = task_named("a")
    trials = tuple(
        GridTrial(Hyperparameters(rate, 0.1), (0.8,), Status.OK) for rate in (1, 2, 4, 16, 64)
    )
    cells = {
        ("lion", task): {"best": Hyperparameters(2, 0.1), "trials": trials},
        ("adamw", task): {"best": Hyperparameters(16, 0.1), "trials": trials},
    }
    numbers = {n.name: n.value for n in judge_learning_rate(planted(cells)).rows[0].numbers}
    assert (numbers["factor"], numbers["step of the grid"]) == (8, 4)
    assert numbers["product of adamw"] == pytest.approx(1.6)
