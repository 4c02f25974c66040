"""Bytes of state against counts by hand, and narrow states against states of programs."""

import jax
import numpy as np
import pytest

from lionhunt.dsl import library, parse
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.interpreter import run
from lionhunt.dsl.kinds import Kind
from lionhunt.search.paper.costs.memory import (
    OPTAX,
    KeptBy,
    count_program,
    measure_memory,
    state_kinds,
)

PARAMS = {"kernel": jax.ShapeDtypeStruct((6, 5), "float32"), "bias": np.zeros(7, np.float32)}
ROW = 4 * (6 * 5 + 7)
STEP_COUNT = 4


def test_bytes_are_those_counted_by_hand():
    kept = {(m.optimizer, m.kept_by): m.state_bytes for m in measure_memory(PARAMS)}
    assert kept["lion", KeptBy.OPTAX] == kept["lion", KeptBy.PROGRAM] == ROW + STEP_COUNT
    assert kept["lion", KeptBy.LEAST] == ROW + STEP_COUNT
    # The machine has two rows at least.
    assert kept["lion", KeptBy.MACHINE] == 2 * ROW + STEP_COUNT
    assert kept["adamw", KeptBy.OPTAX] == 2 * ROW + STEP_COUNT
    assert kept["adamw", KeptBy.LEAST] == 2 * ROW + 2 * 4 + STEP_COUNT
    assert kept["adamw", KeptBy.PROGRAM] == kept["adamw", KeptBy.MACHINE] == 4 * ROW + STEP_COUNT
    assert kept["sgd", KeptBy.OPTAX] == 0


def test_lion_keeps_half_of_what_adamw_keeps():
    large = {"kernel": jax.ShapeDtypeStruct((1000, 1000), "float32")}
    memories = measure_memory(large)
    kept = {(m.optimizer, m.kept_by): m.state_bytes for m in memories}
    for kept_by, ratio in ((KeptBy.OPTAX, 0.5), (KeptBy.LEAST, 0.5), (KeptBy.PROGRAM, 0.25)):
        assert kept["lion", kept_by] / kept["adamw", kept_by] == pytest.approx(ratio, abs=1e-5)
    assert memories[0].num_parameters == 1_000_000
    assert {m.bytes_per_parameter for m in memories if m.optimizer == "momentum"} >= {4.0}


NORMS = parse("def norms(w, g, s, n, lr): s = s + 1.0; n = norm(s) + n; return g * n, s, n")


@pytest.mark.parametrize("name", [*library.names(), "norms"])
def test_states_are_as_narrow_as_it_says(name):
    program = simplify(NORMS if name == "norms" else library.load(name))
    kinds = state_kinds(program)
    for kind, state in zip(kinds, states_after(program, 4), strict=True):
        if kind is not Kind.TREE:
            assert all(np.ptp(leaf) == 0 for leaf in state)
        if kind is Kind.SCALAR:
            assert len({leaf.flat[0] for leaf in state}) == 1


def states_after(program, num_steps):
    """Return all states as trees, even those that are scalars."""
    rng, shapes = np.random.default_rng(0), ((2, 3), (4,))
    backend = PytreeBackend(np)
    states = [tuple(np.zeros(shape) for shape in shapes)] * len(program.states)
    for _ in range(num_steps):
        weights, gradient = (tuple(map(rng.standard_normal, shapes)) for _ in range(2))
        inputs = [weights, gradient, *states, np.float64(0.1)]
        outputs = run(program, inputs, lambda op, *xs: op.evaluate(backend, *xs), np.float64)
        states = [
            tuple(np.broadcast_to(leaf, shape) for leaf, shape in zip(state, shapes, strict=True))
            if isinstance(state, tuple)
            else tuple(np.full(shape, state) for shape in shapes)
            for state in outputs[1:]
        ]
    return states


def test_norm_of_a_number_kept_as_arrays_is_one_per_array():
    assert state_kinds(NORMS) == (Kind.SCALAR, Kind.PER_ARRAY)
    least = count_program("norms", NORMS, PARAMS)[-1]
    assert least.state_bytes == STEP_COUNT + 4 + 2 * 4


def test_every_optimizer_has_a_program():
    assert set(OPTAX) <= set(library.names())
