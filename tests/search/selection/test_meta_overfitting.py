"""Meta-overfitting: checkpoints against a look at every program, and verdicts on curves."""

import dataclasses

import pytest

from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.selection.meta_overfitting import (
    CheckpointScore,
    checkpoints,
    find_overfitting,
)
from tests.support.search.runs import FormulaPool, advance, create


@pytest.mark.parametrize("num_checkpoints", [1, 4, 7, 120])
def test_a_checkpoint_is_the_best_program_up_to_there(tmp_path, num_checkpoints):
    with create(tmp_path) as records:
        advance(records, FormulaPool())
        rows = list(records.rows())
        found = list(checkpoints(records, num_checkpoints))
    assert [point.progress for point in found] == [
        number / num_checkpoints for number in range(num_checkpoints + 1)
    ]
    for point in found:
        count = max(1.0, point.progress * len(rows) - 1e-6)
        so_far = [row for row in rows if row.individual.index < count]
        best = max(so_far, key=lambda row: row.fitness_or_neg_inf)
        assert (point.index, point.fitness) == (best.individual.index, best.fitness_or_neg_inf)
        assert point.program == best.individual.program
    # The first is the initial program.
    assert (found[0].index, found[0].fitness) == (0, 0.0)
    fitness = [point.fitness for point in found]
    assert fitness == sorted(fitness)


def test_run_without_programs_has_no_checkpoints(tmp_path):
    with create(tmp_path) as records:
        assert list(checkpoints(records, 5)) == []


def curve(*by_seed):
    reason = {True: Status.OK, False: Status.NOT_FINITE}
    return [
        CheckpointScore((i + 1) / len(by_seed), i, 0.1 * i, values, reason[bool(values)])
        for i, values in enumerate(by_seed)
    ]


@pytest.mark.parametrize(
    "points, words, is_seen",
    [
        (curve((0.1, 0.1), (0.3, 0.31), (0.1, 0.11), (0.0, 0.01)), "overfits after 50%", True),
        (curve((0.1, 0.1), (0.2, 0.2)), "does not overfit (peak at 100%)", False),
        (curve((0.2, 0.1), (0.1, 0.15)), "does not overfit (peak at 50%)", False),
        (curve((0.2, 0.2), (0.2, 0.2)), "does not overfit (peak at 50%)", False),
        (curve((0.2, 0.1), ()), "overfits after 50%", True),
        (curve((), (0.2, 0.1)), "does not overfit (peak at 100%)", False),
        (curve((), ()), "no program could be trained", False),
        ([], "no program could be trained", False),
    ],
)
def test_verdict_of_a_curve(points, words, is_seen):
    found = find_overfitting(points)
    assert (str(found), found.is_seen) == (words, is_seen)


def test_fall_is_paired_by_seed():
    found = find_overfitting(curve((0.9, 0.1, 0.5), (0.8, 0.02, 0.39)))
    assert found.fall is not None and found.fall.mean == pytest.approx(0.29 / 3)
    assert found.is_seen and found.fall.low > 0


def test_run_whose_best_programs_are_worse_than_the_initial_one_overfits_from_the_start():
    start, *rest = curve((0.0, 0.0), (-0.1, -0.11), (-0.05, -0.052))
    found = find_overfitting([dataclasses.replace(start, progress=0.0), *rest])
    assert str(found) == "overfits from the start"
