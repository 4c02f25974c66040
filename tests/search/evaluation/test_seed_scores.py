"""Scores with several seeds: the first failure decides, and ties go to the first."""

import math

import pytest

from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evaluation.seed_scores import SeedScores, best_index, gather_scores


def test_scores_are_one_a_seed_or_the_first_failure():
    scores = gather_scores([(Status.OK, 0.1), (Status.OK, 0.3)])
    assert scores == SeedScores((0.1, 0.3), Status.OK)
    assert scores.mean == scores.mean_or_neg_inf == pytest.approx(0.2)
    failed = gather_scores([(Status.OK, 0.1), (Status.CRASHED, None), (Status.TIMED_OUT, None)])
    assert failed == SeedScores((), Status.CRASHED)
    assert failed.mean is None and failed.mean_or_neg_inf == -math.inf


@pytest.mark.parametrize(
    "values, index",
    [
        ([0.0, -math.inf, 0.3, 0.3], 2),
        ([-math.inf, -0.5], 1),
        ([-math.inf, -math.inf], None),
        ([], None),
    ],
)
def test_the_first_of_the_best_is_chosen_and_failures_never_are(values, index):
    assert best_index(values) == index
