"""The fitness of scores, and invalid outcomes."""

import math

import pytest

from lionhunt.search.evaluation.fitness import task_fitness, to_outcome
from lionhunt.search.evaluation.outcome import Measurement, Outcome, Status


def measured(*scores):
    return Measurement(Status.OK, scores)


def test_gain_is_relative_to_the_initial_program_and_higher_is_better():
    assert task_fitness(0.9, 0.6, higher_is_better=True) == pytest.approx(0.5)
    assert task_fitness(1.5, 3.0, higher_is_better=False) == pytest.approx(0.5)
    assert task_fitness(4.5, 3.0, higher_is_better=False) == pytest.approx(-0.5)
    assert task_fitness(-1.0, -2.0, higher_is_better=True) == pytest.approx(0.5)
    assert task_fitness(0.5, 0.0, higher_is_better=True) == 0.5


@pytest.mark.parametrize("combination, fitness", [("mean", 0.2), ("min", -0.1)])
def test_combination_of_tasks(combination, fitness):
    outcome = to_outcome(measured(0.9, 3.3), measured(0.6, 3.0), [True, False], combination)
    assert outcome.fitness == pytest.approx(fitness)


def test_tasks_count_by_their_weights():
    scores = measured(0.9, 3.3), measured(0.6, 3.0)
    fitness = to_outcome(*scores, [True, False], "mean", (1.0, 3.0)).fitness
    assert fitness == pytest.approx((0.5 - 3 * 0.1) / 4)


def test_initial_program_has_fitness_zero():
    assert to_outcome(measured(0.3, 2.0), measured(0.3, 2.0), [True, False], "mean").fitness == 0


def test_failure_has_a_status_and_no_fitness():
    outcome = to_outcome(Measurement(Status.NOT_FINITE), measured(1.0), [True], "mean")
    assert outcome.fitness is None and outcome.measurement.status is Status.NOT_FINITE


@pytest.mark.parametrize("score", [math.nan, math.inf, -math.inf])
def test_score_that_is_not_finite_is_refused(score):
    with pytest.raises(ValueError, match="must be finite"):
        measured(score)


def test_score_with_a_failure_is_refused():
    with pytest.raises(ValueError, match="1 scores with status crashed"):
        Measurement(Status.CRASHED, (1.0,))
    with pytest.raises(ValueError, match="0 scores with status ok"):
        Measurement(Status.OK)


@pytest.mark.parametrize("fitness", [math.nan, math.inf])
def test_fitness_that_is_not_finite_is_refused(fitness):
    with pytest.raises(ValueError, match="must be finite"):
        Outcome(measured(1.0), fitness)


def test_fitness_of_a_failure_is_refused():
    with pytest.raises(ValueError, match="with status timed_out"):
        Outcome(Measurement(Status.TIMED_OUT), 0.0)
    with pytest.raises(ValueError, match="with status ok"):
        Outcome(measured(1.0), None)
