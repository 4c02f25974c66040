"""Tuning: trials depend on seed and program alone, and change one number at a time."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lionhunt import dsl
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning, untuned
from lionhunt.search.selection.tuning import sweep, vary
from tests.support.dsl.programs import numbers_of, programs

LION = dsl.library.load("lion")


def shape(program):
    """Return a program without its numbers."""
    return [
        (s.target, s.op, [None if isinstance(arg, dsl.Const) else arg for arg in s.args])
        for s in program.statements
    ]


@given(programs(), st.integers(0, 2**31), st.integers(0, 20))
def test_a_variation_changes_one_number_in_all_its_places(program, seed, num_trials):
    start = untuned(program, 0.5)
    trials = vary(start, num_trials, seed, "name")
    assert len(trials) == num_trials
    assert trials == vary(start, num_trials + 3, seed, "name")[:num_trials]
    for trial in trials:
        before, after = [0.5, *start.constants], [trial.learning_rate, *trial.constants]
        assert sum(old != new for old, new in zip(before, after, strict=True)) <= 1
        tuned = apply_tuning(program, trial)
        assert shape(tuned)[: len(program.statements)] == shape(program)
        changed = dict(zip(start.constants, trial.constants, strict=True))
        expected = [changed.get(number, number) for number in numbers_of(program)]
        expected += [trial.learning_rate] * (trial.learning_rate != 1.0)
        assert sorted(numbers_of(tuned), key=repr) == sorted(expected, key=repr)


def test_factors_of_variations_are_two_to_the_power_of_a_normal_number():
    start = untuned(LION)
    exponents = []
    for trial in vary(start, 3000, 0, "lion"):
        pairs = zip((1.0, *start.constants), (trial.learning_rate, *trial.constants), strict=True)
        exponents += [math.log2(new / old) for old, new in pairs if old != new]
    assert len(exponents) == pytest.approx(3000, abs=5)
    assert stats.kstest(exponents, "norm").pvalue > 0.01


def test_other_programs_and_seeds_have_other_variations():
    start = untuned(LION)
    others = [(0, "a"), (1, "a"), (0, "b"), (10, "a")]
    drawn = {tuple(vary(start, 4, seed, name)) for seed, name in others}
    assert len(drawn) == 4


def test_sweep_multiplies_where_tuning_begins():
    trials = sweep(Tuning(0.001, (0.9,)), (1.0, 0.5, 4.0))
    assert trials == [Tuning(0.001, (0.9,)), Tuning(0.0005, (0.9,)), Tuning(0.004, (0.9,))]
