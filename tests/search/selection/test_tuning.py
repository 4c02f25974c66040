"""Tuning: what may change of a program, and what it means."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from lionhunt import dsl
from lionhunt.dsl.interpreter import evaluate
from lionhunt.dsl.program import Const
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning, constants_of, untuned
from lionhunt.search.selection.tuning import sweep, vary
from tests.support.dsl.programs import MODERATE, programs

LION = dsl.library.load("lion")


def numbers(program):
    """Every number of a program, by place."""
    args = [arg for statement in program.statements for arg in statement.args]
    return [arg.value for arg in (*args, *program.outputs) if isinstance(arg, Const)]


def shape(program):
    """A program without its numbers."""
    return [
        (s.target, s.op, [None if isinstance(arg, Const) else arg for arg in s.args])
        for s in program.statements
    ]


@given(programs())
def test_nothing_changed_is_the_program_as_it_is(program):
    assert apply_tuning(program, untuned(program)) == program
    assert set(constants_of(program)) == set(numbers(program)) - {0.0}


@given(programs(constants=MODERATE), st.floats(0.125, 8.0, width=32))
def test_learning_rate_multiplies_the_update_and_leaves_the_states(program, learning_rate):
    tuned = apply_tuning(program, untuned(program, learning_rate))
    assert dsl.infer(tuned)  # it can run
    rng = np.random.default_rng(0)
    weights, gradient, *states = rng.normal(size=(2 + len(program.states), 3)).astype(np.float32)
    update, new_states = evaluate(program, weights, gradient, states, 0.5)
    tuned_update, tuned_states = evaluate(tuned, weights, gradient, states, 0.5)
    with np.errstate(all="ignore"):
        expected = np.asarray(update) * np.float32(learning_rate)
    np.testing.assert_allclose(tuned_update, expected, rtol=1e-6, atol=1e-37)
    for one, other in zip(tuned_states, new_states, strict=True):
        np.testing.assert_array_equal(one, other)


def test_learning_rate_of_a_program_with_a_variable_of_the_name():
    text = "def f(w, g, scaled_update, lr):\n  scaled_update = g * lr\n"
    program = dsl.parse(text + "  return scaled_update, g")
    tuned = apply_tuning(program, Tuning(2.0, ()))
    assert str(tuned).splitlines()[-2:] == [
        "  scaled_update_ = scaled_update * 2.0",
        "  return scaled_update_, g",
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
        expected = [changed.get(number, number) for number in numbers(program)]
        expected += [trial.learning_rate] * (trial.learning_rate != 1.0)
        assert sorted(numbers(tuned), key=repr) == sorted(expected, key=repr)


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


def test_equal_numbers_are_one_so_that_adamw_stays_corrected():
    adamw = dsl.library.load("adamw")
    assert numbers(adamw).count(0.9) == 2 and constants_of(adamw).count(0.9) == 1
    constants = tuple(0.8 if x == 0.9 else x for x in constants_of(adamw))
    assert numbers(apply_tuning(adamw, Tuning(1.0, constants))).count(0.8) == 2
