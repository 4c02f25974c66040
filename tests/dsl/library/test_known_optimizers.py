"""Each program of the library against every oracle that it has, step by step.

Oracles take constants by their names in the docstring of the program. A wrong name fails a test.
"""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.backends import PytreeBackend
from lionhunt.dsl.edits.constants import replace_constants
from lionhunt.dsl.interpreter import run
from tests.support.dsl.oracles.all_oracles import ORACLES
from tests.support.dsl.oracles.oracle import train
from tests.support.dsl.oracles.runs import as_float32, constants_of, draw_run, in_float64
from tests.support.dsl.values import assert_close

FEW_STEPS = 30

RUN = draw_run()

FOUND = {
    "adabelief_like",
    "adagrad_like",
    "adamw_initial",
    "discovered_lion",
    "raw_lion",
    "regularized",
}
"""Programs of the search of the Lion paper that have no other name."""


WITHIN_REACH = {
    "warmup_steps": 20.0,
    "least_share": 0.75,
    "eta_minus": 0.75,
    "least_step": 0.01,
    "greatest_step": 0.04,
    "epsilon2": 0.2,
}
"""Values of constants that matter in a short run."""


def another(constant, value):
    """Return another sensible value for a constant."""
    # The warm-up ends within the run, and the limits are reached.
    if constant in WITHIN_REACH:
        return WITHIN_REACH[constant]
    # Larger coefficients make the Newton-Schulz steps diverge.
    if constant in ("a", "b", "c"):
        return value - 0.02 * abs(value)
    # Each place of such an epsilon matters.
    if constant.startswith("epsilon"):
        return value**0.25
    return 2 * value - 1 if 0.5 < value < 1 else 2 * value


PAIRS = [pytest.param(name, oracle, id=f"{name}-{oracle.name}") for name, oracle in ORACLES]


def test_every_program_has_an_oracle_except_those_of_the_search():
    assert {name for name, _ in ORACLES} | FOUND == set(library.names())


@pytest.mark.parametrize("name", sorted({name for name, _ in ORACLES}))
def test_oracles_take_every_constant(name):
    taken = {
        constant for other, oracle in ORACLES if other == name for constant in oracle.constants
    }
    assert taken == set(constants_of(name))


@functools.cache
def updates(name):
    """Return the updates of a program."""
    optimizer = dsl.as_optimizer(library.load(name), lambda step: jnp.asarray(RUN.rates)[step])
    return jax.jit(lambda *args: train(optimizer, *args))(RUN.weights, RUN.gradients)


@functools.cache
def expected_updates(name, oracle):
    """Return the updates with the program's constants, then with one constant changed at a time."""
    constants = {key: constants_of(name)[key] for key in oracle.constants}
    variants = [constants]
    variants += [constants | {key: another(key, value)} for key, value in constants.items()]
    return oracle.updates(in_float64(RUN), list(map(as_float32, variants)))


@pytest.mark.parametrize(("name", "oracle"), PAIRS)
def test_program_is_the_known_optimizer(name, oracle):
    actual = oracle.taken(updates(name))
    assert_close(actual, expected_updates(name, oracle)[0], rtol=oracle.rtol)


def interpret(program):
    """Return the updates of a few steps in NumPy and float32, since compilation takes longer."""
    backend, updates = PytreeBackend(np), []

    def apply(op, *values):
        return op.evaluate(backend, *values)

    leaves, structure = jax.tree.flatten(RUN.weights)
    weights, gradients = tuple(map(np.asarray, leaves)), jax.tree.leaves(RUN.gradients)
    states = [tuple(map(np.zeros_like, weights)) for _ in program.states]
    for step in range(FEW_STEPS):
        gradient = tuple(leaf[step] for leaf in gradients)
        inputs = [weights, gradient, *states, RUN.rates[step]]
        update, *states = run(program, inputs, apply, np.float32)
        weights = tuple(map(np.subtract, weights, update))
        updates.append(structure.unflatten(map(np.negative, update)))
    return jax.tree.map(lambda *leaves: np.stack(leaves), *updates)


@functools.cache
def updates_with_another(name, constant):
    """Return the first updates of a program with one constant changed."""
    value = constants_of(name)[constant]
    return interpret(replace_constants(library.load(name), {value: another(constant, value)}))


@pytest.mark.parametrize(
    ("name", "oracle", "constant"),
    [
        pytest.param(name, oracle, constant, id=f"{name}-{oracle.name}-{constant}")
        for name, oracle in ORACLES
        for constant in oracle.constants
    ],
)
def test_constant_has_the_meaning_of_its_name(name, oracle, constant):
    all_updates = expected_updates(name, oracle)
    before, expected = (
        jax.tree.map(lambda leaf: leaf[:FEW_STEPS], all_updates[i])
        for i in (0, oracle.constants.index(constant) + 1)
    )
    actual = oracle.taken(updates_with_another(name, constant))
    assert_close(actual, expected, rtol=oracle.rtol)
    # The constant matters: without the change, the updates differ.
    with pytest.raises(AssertionError, match="Mismatched elements"):
        assert_close(before, expected, rtol=100 * oracle.rtol)


def test_muon_makes_matrices_orthogonal_as_optax_does(rng):
    """Compare with the Newton-Schulz steps of optax.contrib, after Nesterov's momentum of ours."""
    params = {"tall": jnp.ones((6, 3)), "wide": jnp.ones((3, 6)), "square": jnp.ones((4, 4))}
    optimizer = dsl.as_optimizer(library.load("muon"), 1.0)
    axes = jax.tree.map(lambda _: optax.contrib.MuonDimensionNumbers(), params)
    orthogonal = optax.contrib.scale_by_muon(
        beta=0.0, nesterov=False, weight_dimension_numbers=axes
    )
    state, moments = optimizer.init(params), jax.tree.map(jnp.zeros_like, params)
    with jax.numpy_dtype_promotion("standard"):
        for _ in range(3):
            gradient = jax.tree.map(lambda x: jnp.asarray(rng.standard_normal(x.shape)), params)
            gradient = optax.tree.cast(gradient, jnp.float32)
            update, state = optimizer.update(gradient, state, params)
            moments = jax.tree.map(lambda m, g: 0.95 * m + 0.05 * g, moments, gradient)
            ahead = jax.tree.map(lambda m, g: 0.95 * m + 0.05 * g, moments, gradient)
            # The program's rows are outputs, as in torch; optax's are inputs.
            expected, _ = orthogonal.update(ahead, orthogonal.init(params), params)
            scale = {"tall": 2**0.5, "wide": 1.0, "square": 1.0}
            expected = jax.tree.map(lambda x, s: -s * x, expected, scale)
            assert_close(update, expected, rtol=1e-5)
