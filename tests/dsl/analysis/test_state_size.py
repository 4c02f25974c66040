"""The size of states against the states of an optimizer, and its words."""

import jax
import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.analysis.state_size import StateSize, measure_state

PARAMS = {"a": np.ones((4, 5), np.float32), "b": np.ones(7, np.float32)}


@pytest.mark.parametrize("name", library.names())
def test_size_is_that_of_the_optimizer(name):
    program = library.load(name)
    size = measure_state(program)
    state = jax.eval_shape(dsl.as_optimizer(program).init, PARAMS)
    count = sum(np.prod(leaf.shape, dtype=int) for leaf in jax.tree.leaves(state.states))
    assert count == size.per_parameter * 27 + size.per_array * 2 + size.single


def test_redundant_states_do_not_count():
    assert len(library.load("raw_lion").states) == 2
    assert measure_state(library.load("raw_lion")) == StateSize(1, 0, 0)


@pytest.mark.parametrize(
    "size, words",
    [
        ((0, 0, 0), "none"),
        ((1, 0, 0), "1 number per parameter"),
        ((0, 0, 1), "1 number"),
        ((2, 0, 2), "2 numbers per parameter, and 2 numbers"),
        ((2, 1, 3), "2 numbers per parameter, 1 number per array, and 3 numbers"),
    ],
)
def test_size_in_words(size, words):
    assert str(StateSize(*size)) == words
