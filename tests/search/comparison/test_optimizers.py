"""An optimizer at a point: against optax, and against NumPy by hand."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt import dsl
from lionhunt.search.comparison.optax_optimizers import OptaxRule
from lionhunt.search.comparison.optimizers import add_decay, find_optimizer
from lionhunt.search.comparison.result import Hyperparameters
from lionhunt.search.errors import ConfigError

POINT = Hyperparameters(3e-3, 0.3)
NUM_STEPS = 6


def schedule(step_count):
    return 1.0 / (1.0 + step_count)


def find(word, constants=None, by_kind=None):
    return find_optimizer(word, word, Hyperparameters(1e-3, 0.1), constants or {}, by_kind or {})


def walk(optimizer):
    """Return the weights after a few steps along gradients that do not depend on them."""
    weights = {"a": jnp.array([[0.5, -1.0], [2.0, 0.1]]), "b": jnp.array([0.3, -0.2])}
    keys = jax.random.split(jax.random.key(0), NUM_STEPS)
    state = optimizer.init(weights)
    for key in keys:
        gradient = jax.tree.map(lambda w, key=key: jax.random.normal(key, w.shape), weights)
        updates, state = optimizer.update(gradient, state, weights)
        weights = optax.apply_updates(weights, updates)
    return np.concatenate([np.ravel(leaf) for leaf in jax.tree.leaves(weights)])


def at(word, constants=None):
    optimizer = find(word, constants)
    if optimizer.program is None:
        rule = optimizer.at(POINT, "digits_mlp", NUM_STEPS).rule
        assert isinstance(rule, OptaxRule)
        return rule.as_optimizer(schedule)
    program = optimizer.program_at(POINT, "digits_mlp", NUM_STEPS)
    assert optimizer.at(POINT, "digits_mlp", NUM_STEPS).fingerprint == dsl.fingerprint(program)
    return dsl.as_optimizer(program, schedule)


def rate(step_count):
    return POINT.learning_rate * schedule(step_count)


@pytest.mark.parametrize(
    ("word", "constants", "oracle"),
    [
        ("lion", {}, optax.lion(rate, weight_decay=0.3)),
        ("lion", {"beta1": 0.95, "beta2": 0.98}, optax.lion(rate, 0.95, 0.98, weight_decay=0.3)),
        ("adamw", {"beta2": 0.99}, optax.adamw(rate, b2=0.99, weight_decay=0.3)),
        (
            "momentum",
            {},
            optax.chain(
                optax.trace(0.9), optax.add_decayed_weights(0.3), optax.scale_by_learning_rate(rate)
            ),
        ),
        ("optax.lion", {"b1": 0.95}, optax.lion(rate, b1=0.95, weight_decay=0.3)),
        (
            "optax.sgd",
            {},
            optax.chain(optax.add_decayed_weights(0.3), optax.scale_by_learning_rate(rate)),
        ),
    ],
)
def test_an_optimizer_at_a_point_is_that_of_optax(word, constants, oracle):
    np.testing.assert_allclose(walk(at(word, constants)), walk(oracle), rtol=2e-6, atol=1e-7)


def test_a_peak_within_a_program_is_the_learning_rate():
    raw_lion = find("raw_lion").at(POINT, "digits_mlp", NUM_STEPS)
    text = str(dsl.simplify(dsl.library.load("raw_lion")))
    text = text.replace("0.0002171761734643951", "0.003").replace("0.4601978361606598", "0.3")
    assert "0.003" in text and "0.3" in text
    assert raw_lion.fingerprint == dsl.fingerprint(dsl.parse(text))


def test_a_program_that_says_nothing_has_its_update_multiplied(tmp_path):
    file = tmp_path / "mine.txt"
    file.write_text("def train(w, g, lr):\n  update = g * 0.5\n  return update\n")
    gradient_only = optax.chain(
        optax.stateless(lambda updates, params: jax.tree.map(lambda g: -0.5 * g * 3e-3, updates)),
        optax.GradientTransformation(
            lambda params: 0,
            lambda updates, state, params=None: (
                jax.tree.map(lambda u, w: u - rate(state) * 0.3 * w, updates, params),
                state + 1,
            ),
        ),
    )
    np.testing.assert_allclose(walk(at(str(file))), walk(gradient_only), rtol=2e-6, atol=1e-7)


def test_decay_is_of_the_weights_and_the_schedule_as_they_came():
    program = dsl.parse(
        "def train(w, g, decay, lr):\n  w = w * 0.0\n  lr = 1.0 * 1.0\n  return g, decay"
    )
    decayed = add_decay(program, 0.5, 0.1)
    weights, gradient = {"a": jnp.array([2.0, -4.0])}, {"a": jnp.array([1.0, 1.0])}
    optimizer = dsl.as_optimizer(decayed, learning_rate=0.5)
    updates, _ = optimizer.update(gradient, optimizer.init(weights), weights)
    (update,) = jax.tree.leaves(updates)
    np.testing.assert_allclose(update, -np.array([1 + 0.025 * 2, 1 - 0.025 * 4]), rtol=1e-6)


def test_constants_of_a_kind_of_task_come_before_those_of_all():
    lion = find("lion", {"beta1": 0.8}, {"stdlib_lm": {"beta1": 0.95}})
    everywhere = find("lion", {"beta1": 0.8})
    language = find("lion", {"beta1": 0.95})
    for kind, same in (("digits_mlp", everywhere), ("stdlib_lm", language)):
        recipes = [optimizer.at(POINT, kind, NUM_STEPS) for optimizer in (lion, same)]
        assert recipes[0].fingerprint == recipes[1].fingerprint


def test_a_constant_may_be_the_length_of_the_training():
    symbolic = find("ademamix", {"warmup_steps": "num_steps"})
    fixed = find("ademamix", {"warmup_steps": 300.0})
    assert symbolic.at(POINT, "x", 300).fingerprint == fixed.at(POINT, "x", 20).fingerprint
    assert symbolic.at(POINT, "x", 300).fingerprint != symbolic.at(POINT, "x", 301).fingerprint


@pytest.mark.parametrize(
    ("word", "constants", "message"),
    [
        ("lio", {}, "did you mean 'lion'"),
        (
            "lion",
            {"beta3": 0.5},
            "lion has no constant 'beta3'; did you mean 'beta2'.; it has beta1, beta2",
        ),
        ("lion", {"weight_decay": 0.5}, "weight_decay of lion is tuned"),
        ("optax.lionn", {}, "optax has no optimizer 'lionn'"),
        ("optax.lamb", {}, "the weight decay of optax.lamb is not decoupled"),
        ("optax.pi", {}, "optax has no optimizer 'pi'"),
        ("optax.adamw", {"beta1": 0.5}, "optax.adamw has no argument 'beta1'"),
        ("optax.adamw", {"learning_rate": 0.5}, "learning_rate of optax.adamw is tuned"),
        ("optax.lbfgs", {}, "optax.lbfgs does not take a learning rate and a gradient alone"),
        ("optax.cosine_decay_schedule", {}, "optax.cosine_decay_schedule"),
    ],
)
def test_what_is_no_optimizer_is_one_line(word, constants, message):
    with pytest.raises(ConfigError, match=message) as caught:
        find(word, constants)
    assert "\n" not in str(caught.value)
