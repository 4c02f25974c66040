"""Each program of the library against optax, or against its paper in NumPy, step by step.

Oracles compute in float64, from the float32 values of a program's constants. In float32, the
rounding of optax would be most of the difference: 1e-5 for Adam, 0.3 % for RAdam.
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
from tests.support.dsl.oracles import NUMPY, OPTAX
from tests.support.dsl.values import SHAPES, assert_close, draw_tree

NUM_STEPS = 100
FEW_STEPS = 30
RTOL = 3e-6
"""Tolerance, relative to the largest update of an array in the run; differences are below 5e-7."""

LEARNING_RATES = (0.02 + 0.01 * np.cos(0.05 * np.arange(NUM_STEPS))).astype(np.float32)

ALL_SHAPES = SHAPES | {"matrix": (4, 3), "matrices": (2, 3, 4)}
SMALL = {"faint": 1e-8, "vanishing": 1e-15}
"""Arrays whose numbers are so small that every epsilon matters, and their scales."""


def draw(rng):
    params = draw_tree(rng, shapes=ALL_SHAPES | dict.fromkeys(SMALL, (3,)))
    for name, scale in SMALL.items():
        params[name] *= scale
    return params


def draw_gradient(rng):
    """Draw a gradient of a scale from 0.01 to 10; one number in ten is zero."""
    scale = 10 ** rng.uniform(-2, 1)
    return jax.tree.map(
        lambda leaf: leaf * np.float32(scale * (rng.random(leaf.shape) > 0.1)), draw(rng)
    )


def stacked(trees):
    return jax.tree.map(lambda *leaves: np.stack(leaves), *trees)


RNG = np.random.default_rng(1)
PARAMS = draw(RNG)
GRADIENTS = stacked([draw_gradient(RNG) for _ in range(NUM_STEPS)])


def schedule(step_count):
    return jnp.asarray(LEARNING_RATES)[step_count]


def train(optimizer, params, gradients):
    """Return the updates of a run that applies them to its weights."""

    def step(carry, gradient):
        params, state = carry
        updates, state = optimizer.update(gradient, state, params)
        return (optax.apply_updates(params, updates), state), updates

    return jax.lax.scan(step, (params, optimizer.init(params)), gradients)[1]


FOUND = {
    "adabelief_like",
    "adagrad_like",
    "adamw_initial",
    "discovered_lion",
    "raw_lion",
    "regularized",
}
"""Programs of the search of the Lion paper that have no other name."""


def constants_of(name) -> dict[str, float]:
    return {constant.name: constant.value for constant in library.doc(name).constants}


def another(constant, value):
    """Return another sensible value for a constant."""
    # The warm-up ends within the run.
    if constant == "warmup_steps":
        return 20.0
    # Larger coefficients make the Newton-Schulz steps diverge.
    if constant in ("a", "b", "c"):
        return value - 0.02 * abs(value)
    # Each place of such an epsilon matters.
    if constant.startswith("epsilon"):
        return value**0.25
    return 2 * value - 1 if 0.5 < value < 1 else 2 * value


@functools.cache
def oracle(name):
    """Return the updates with the program's constants, then with one constant changed at a time."""
    constants = constants_of(name)
    variants = [constants]
    variants += [constants | {key: another(key, value)} for key, value in constants.items()]
    variants = [{k: np.float64(np.float32(v)) for k, v in variant.items()} for variant in variants]
    if name in NUMPY:
        return [in_numpy(NUMPY[name], variant) for variant in variants]
    params, gradients = jax.tree.map(np.float64, (PARAMS, GRADIENTS))
    # Some functions of optax mix types.
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        updates = jax.jit(
            jax.vmap(
                lambda variant: train(OPTAX[name](schedule, **variant), params, gradients),
                axis_size=len(variants),
            )
        )(stacked(variants))
    return [jax.tree.map(lambda leaf, i=i: leaf[i], updates) for i in range(len(variants))]


def in_numpy(directions_of, constants):
    def updates_of(gradients):
        directions = directions_of(np.float64(gradients), **constants)
        return np.stack([-lr * d for lr, d in zip(LEARNING_RATES, directions, strict=True)])

    return jax.tree.map(updates_of, GRADIENTS)


def test_every_program_has_an_oracle_except_those_of_the_search():
    assert {*OPTAX, *NUMPY, *FOUND} == set(library.names())


@pytest.mark.parametrize("name", [*OPTAX, *NUMPY])
def test_program_is_the_known_optimizer(name):
    optimizer = dsl.as_optimizer(library.load(name), schedule)
    updates = jax.jit(lambda *args: train(optimizer, *args))(PARAMS, GRADIENTS)
    assert_close(updates, oracle(name)[0], rtol=RTOL)


def interpret(program):
    """Return the updates of a few steps in NumPy and float32, since compilation takes longer."""
    backend, updates = PytreeBackend(np), []

    def apply(op, *values):
        return op.evaluate(backend, *values)

    leaves, structure = jax.tree.flatten(PARAMS)
    weights, gradients = tuple(map(np.asarray, leaves)), jax.tree.leaves(GRADIENTS)
    states = [tuple(map(np.zeros_like, weights)) for _ in program.states]
    for step in range(FEW_STEPS):
        gradient = tuple(leaf[step] for leaf in gradients)
        inputs = [weights, gradient, *states, LEARNING_RATES[step]]
        update, *states = run(program, inputs, apply, np.float32)
        weights = tuple(map(np.subtract, weights, update))
        updates.append(structure.unflatten(map(np.negative, update)))
    return stacked(updates)


@pytest.mark.parametrize(
    ("name", "index", "constant"),
    [
        pytest.param(name, index, constant, id=f"{name}-{constant}")
        for name in (*OPTAX, *NUMPY)
        for index, constant in enumerate(constants_of(name))
    ],
)
def test_constant_has_the_meaning_of_its_name(name, index, constant):
    value = constants_of(name)[constant]
    program = replace_constants(library.load(name), {value: another(constant, value)})
    before, expected = (
        jax.tree.map(lambda leaf: leaf[:FEW_STEPS], oracle(name)[i]) for i in (0, index + 1)
    )
    assert_close(interpret(program), expected, rtol=RTOL)
    # The constant matters: without the change, the updates differ.
    with pytest.raises(AssertionError, match="Mismatched elements"):
        assert_close(before, expected, rtol=100 * RTOL)


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
