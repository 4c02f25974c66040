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


OPTAX = {
    "sgd": optax.sgd,
    "momentum": optax.sgd,
    "nesterov": lambda lr, momentum: optax.sgd(lr, momentum, nesterov=True),
    "rmsprop": lambda lr, decay, epsilon: optax.rmsprop(lr, decay, epsilon),
    # By default, optax starts the sum of squares at 0.1.
    "adagrad": lambda lr, epsilon: optax.adagrad(lr, 0.0, epsilon),
    "adam": lambda lr, beta1, beta2, epsilon: optax.adam(lr, beta1, beta2, epsilon),
    "adamw": lambda lr, beta1, beta2, epsilon, weight_decay: optax.adamw(
        lr, beta1, beta2, epsilon, weight_decay=weight_decay
    ),
    # By default, optax adds bias corrections to the algorithm of the paper.
    "amsgrad": lambda lr, beta1, beta2, epsilon: optax.amsgrad(
        lr, beta1, beta2, epsilon, bias_correction_mu=False, bias_correction_nu=False
    ),
    "nadam": lambda lr, beta1, beta2, epsilon: optax.nadam(lr, beta1, beta2, epsilon),
    "radam": lambda lr, beta1, beta2, epsilon, threshold: optax.radam(
        lr, beta1, beta2, epsilon, threshold=threshold
    ),
    # The epsilon of the paper is two numbers in optax, equal by default.
    "adabelief": lambda lr, beta1, beta2, epsilon: optax.adabelief(
        lr, beta1, beta2, eps=epsilon, eps_root=epsilon
    ),
    # The parts of optax.adafactor, which has no argument for epsilon2. It factors the two longest
    # axes of an array if both are long enough, by default 128. With 3 it factors the last two axes
    # of each matrix here. For other arrays the factors of the program are their second moments.
    "adafactor": lambda lr, decay_rate, epsilon1, epsilon2: optax.chain(
        optax.scale_by_factored_rms(
            decay_rate=decay_rate, min_dim_size_to_factor=3, epsilon=epsilon1
        ),
        optax.clip_by_block_rms(1.0),
        optax.scale_by_learning_rate(lr),
        optax.scale_by_param_block_rms(epsilon2),
    ),
    "signsgd": optax.sign_sgd,
    "signum": optax.signum,
    "lion": lambda lr, beta1, beta2, weight_decay: optax.lion(
        lr, beta1, beta2, weight_decay=weight_decay
    ),
    "ablation": lambda lr, beta, weight_decay: optax.chain(
        optax.ema(beta, debias=False),
        optax.scale_by_sign(),
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_learning_rate(lr),
    ),
    # optax counts steps from 0, and its ademamix has no default schedule.
    "ademamix": lambda lr, beta1, beta2, beta3, alpha, warmup_steps, epsilon: (
        optax.contrib.ademamix(
            lr,
            beta1,
            beta2,
            ademamix_beta3(beta1, beta3, warmup_steps),
            lambda step: jnp.minimum((step + 1) * alpha / warmup_steps, alpha),
            epsilon,
        )
    ),
}
"""Optimizers of optax, from the learning rate and the constants of the program."""


def ademamix_beta3(beta_start, beta3, warmup_steps):
    """Return the schedule of beta3 of the paper."""

    def beta3_of(step):
        done = (step + 1) / warmup_steps
        log_start, log_end = jnp.log(beta_start), jnp.log(beta3)
        exponent = log_start * log_end / ((1 - done) * log_end + done * log_start)
        return jnp.minimum(jnp.exp(exponent), beta3)

    return beta3_of


def qhm(gradients, nu, beta):
    """Yield the directions of QHM or QHAdam (Ma and Yarats, 2018)."""
    buffer = 0.0
    for g in gradients:
        buffer = beta * buffer + (1 - beta) * g
        yield (1 - nu) * g + nu * buffer


def qhadam(gradients, nu1, nu2, beta1, beta2, epsilon):
    """Yield the directions of QHM or QHAdam (Ma and Yarats, 2018)."""
    m, s = 0.0, 0.0
    for t, g in enumerate(gradients, 1):
        m = beta1 * m + (1 - beta1) * g
        s = beta2 * s + (1 - beta2) * g**2
        m_hat, s_hat = m / (1 - beta1**t), s / (1 - beta2**t)
        numerator = (1 - nu1) * g + nu1 * m_hat
        yield numerator / (np.sqrt((1 - nu2) * g**2 + nu2 * s_hat) + epsilon)


def aggmo(gradients, beta2, beta3, num_momenta):
    """Yield the directions of AggMo (Lucas et al., 2018), whose velocities point downhill."""
    betas, velocities = (0.0, beta2, beta3), (0.0, 0.0, 0.0)
    for g in gradients:
        velocities = [beta * v - g for beta, v in zip(betas, velocities, strict=True)]
        yield -sum(velocities) / num_momenta


def powersign(gradients, beta):
    """Yield the directions of PowerSign with alpha = e (Bello et al., 2017)."""
    m = 0.0
    for g in gradients:
        m = beta * m + (1 - beta) * g
        yield np.e ** (np.sign(g) * np.sign(m)) * g


def addsign(gradients, beta):
    """Yield the directions of AddSign with alpha = 1 (Bello et al., 2017)."""
    m = 0.0
    for g in gradients:
        m = beta * m + (1 - beta) * g
        yield (1 + np.sign(g) * np.sign(m)) * g


def sdprop(gradients, gamma, epsilon):
    """Yield the directions of SDProp (Ida et al., 2017)."""
    mu, c = 0.0, 0.0
    for g in gradients:
        c = gamma * c + gamma * (1 - gamma) * (g - mu) ** 2
        mu = gamma * mu + (1 - gamma) * g
        yield g / (np.sqrt(c) + epsilon)


NUMPY = {
    "qhm": qhm,
    "qhadam": qhadam,
    "aggmo": aggmo,
    "powersign": powersign,
    "addsign": addsign,
    "sdprop": sdprop,
}
"""Optimizers that optax lacks: the directions of an array, from its gradients."""

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
