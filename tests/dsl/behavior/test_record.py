"""The updates on a record are those of the interpreter."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.behavior.record import run_on
from lionhunt.dsl.interpreter import evaluate
from tests.support.dsl.records import SHAPES, make_record

RECORDS = [make_record(seed, num_steps=4) for seed in (0, 1)]


def _to_tree(row) -> tuple[jax.Array, ...]:
    stops = np.cumsum([np.prod(shape) for shape in SHAPES])[:-1]
    pairs = zip(np.split(row, stops), SHAPES, strict=True)
    return tuple(jnp.asarray(part.reshape(shape)) for part, shape in pairs)


# Elementwise; with a norm of all arrays; with norms of rows and arrays; without states.
@pytest.mark.parametrize("name", ["adamw", "raw_lion", "adafactor", "signsgd"])
def test_updates_are_those_of_the_interpreter(name):
    program = library.load(name)
    for record, updates in zip(RECORDS, run_on(program, RECORDS), strict=True):
        states = tuple(_to_tree(np.zeros_like(record.weights[0])) for _ in program.states)
        for weights, gradient, found in zip(record.weights, record.gradients, updates, strict=True):
            trees = _to_tree(weights), _to_tree(gradient)
            update, states = evaluate(program, *trees, states, 1.0)
            expected = np.concatenate([np.ravel(array) for array in update])
            np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-6)


def test_a_narrow_update_is_repeated_over_all_numbers():
    program = dsl.parse("def f(w, g, lr): return global_norm(g) * lr")
    (updates,) = run_on(program, RECORDS[:1])
    expected = np.linalg.norm(RECORDS[0].gradients, axis=1, keepdims=True)
    np.testing.assert_allclose(updates, np.broadcast_to(expected, updates.shape), rtol=1e-5)
