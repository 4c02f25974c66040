"""Hyperparameters: a tuning changes the numbers of a program, and nothing else."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.interpreter import evaluate
from lionhunt.search.evolution.hyperparameters import Tuning, apply_tuning, constants_of, untuned
from tests.support.dsl.programs import MODERATE, numbers_of, programs


@given(programs())
def test_nothing_changed_is_the_program_as_it_is(program):
    assert apply_tuning(program, untuned(program)) == program
    assert set(constants_of(program)) == set(numbers_of(program)) - {0.0}


@given(programs(constants=MODERATE), st.floats(0.125, 8.0, width=32))
def test_learning_rate_multiplies_the_update_and_leaves_the_states(program, learning_rate):
    tuned = apply_tuning(program, untuned(program, learning_rate))
    # It can run.
    assert dsl.infer(tuned)
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
    text = "def f(w, g, scaled_update, lr):\n  scaled_update = g + lr\n"
    program = dsl.parse(text + "  return scaled_update, g")
    tuned = apply_tuning(program, Tuning(2.0, ()))
    assert str(tuned).splitlines()[-2:] == [
        "  scaled_update_ = scaled_update * 2.0",
        "  return scaled_update_, g",
    ]


def test_equal_numbers_are_one_so_that_adamw_stays_corrected():
    adamw = dsl.library.load("adamw")
    assert numbers_of(adamw).count(0.9) == 2 and constants_of(adamw).count(0.9) == 1
    constants = tuple(0.8 if x == 0.9 else x for x in constants_of(adamw))
    assert numbers_of(apply_tuning(adamw, Tuning(1.0, constants))).count(0.8) == 2
