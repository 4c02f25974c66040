"""Units of the gains on tasks whose scores differ in size."""

import statistics

import pytest

from lionhunt.search.driver.gain_units import gain_units
from lionhunt.search.evaluation.fitness import to_outcome
from lionhunt.search.evaluation.outcome import Measurement, Status

DIRECTIONS = (False, True)


def ok(*scores: float) -> Measurement:
    return Measurement(Status.OK, scores)


REFERENCE = ok(2.0, 0.5)


def test_units_are_the_spread_of_the_gains():
    known = [ok(1.8, 0.5), ok(2.2, 0.75), Measurement(Status.NOT_FINITE)]
    units = gain_units(REFERENCE, known, DIRECTIONS)
    gains = [(0.0, 0.1, -0.1), (0.0, 0.0, 0.5)]
    assert units == pytest.approx([statistics.pstdev(each) for each in gains])


def test_a_task_on_which_all_are_equal_keeps_its_gains():
    assert gain_units(REFERENCE, [REFERENCE], DIRECTIONS) == (1.0, 1.0)


def test_fitness_in_units_does_not_depend_on_the_size_of_scores():
    known = [ok(1.8, 0.4), ok(2.3, 0.75)]
    candidate = ok(1.9, 0.6)
    fitness = []
    for scale in (1.0, 0.01):
        # The same task, whose scores vary less around the reference's.
        reference, *others, scaled = (
            ok(2.0 + scale * (m.scores[0] - 2.0), m.scores[1])
            for m in (REFERENCE, *known, candidate)
        )
        units = gain_units(reference, others, DIRECTIONS)
        outcome = to_outcome(scaled, reference, DIRECTIONS, "mean", units=units)
        fitness.append(outcome.fitness)
    assert fitness[0] == pytest.approx(fitness[1])
