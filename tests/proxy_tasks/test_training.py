"""The training loop against a plain Python loop, and its early stopping."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.proxy_tasks import NUM_CHUNKS, DigitsMLP, StdlibLM, TaskError, train
from tests.support.compiling import compile_quickly

TASK = DigitsMLP(num_steps=25, batch_size=8, width=8).build()


def plain_loop(task, optimizer, key):
    """Train in a plain Python loop; return the score and the loss of each step."""
    init_key, batch_key = jax.random.split(key)
    params = task.init(task.data, init_key)
    state = optimizer.init(params)
    loss_and_gradient = compile_quickly(jax.value_and_grad(task.loss))
    update = compile_quickly(optimizer.update)
    losses = []
    for step in range(task.num_steps):
        batch = task.batch(task.data, jax.random.fold_in(batch_key, step))
        loss, gradient = loss_and_gradient(params, batch)
        updates, state = update(gradient, state, params)
        params = optax.apply_updates(params, updates)
        losses.append(float(loss))
    return task.score(params, task.data), losses


def test_compiled_loop_equals_a_plain_loop(key):
    optimizer = optax.adam(1e-2)
    training = compile_quickly(lambda key: train(TASK, optimizer, key))(key)
    score, losses = plain_loop(TASK, optimizer, key)
    stops = np.linspace(0, 25, NUM_CHUNKS + 1).astype(int)
    chunks = [np.mean(losses[a:b]) for a, b in zip(stops, stops[1:], strict=False)]
    np.testing.assert_allclose(training.curve, chunks, rtol=1e-4)
    assert training.score == pytest.approx(float(score), abs=2 / 600)
    assert training.num_chunks == NUM_CHUNKS


@pytest.mark.parametrize(
    "options", [DigitsMLP(), StdlibLM(num_steps=150, width=16, num_layers=1, batch_size=8)]
)
def test_adam_learns(options, key):
    task = options.build()
    run = compile_quickly(lambda key, rate: train(task, optax.adam(rate), key))
    learned, idle = run(key, 3e-3), run(key, 0.0)
    if task.higher_is_better:
        assert learned.score > 0.9 > 0.4 > idle.score
    else:
        assert learned.score < 3.1 < 4 < idle.score


def explode_at(step):
    """Return an optimizer whose update is NaN from `step` on."""

    def update(updates, state, params=None):
        return jax.tree.map(lambda g: jnp.where(state >= step, jnp.nan, -1e-3 * g), updates), (
            state + 1
        )

    return optax.GradientTransformation(lambda params: jnp.zeros((), jnp.int32), update)


@compile_quickly
def train_until(step, key):
    return train(TASK, explode_at(step), key)


@pytest.mark.parametrize("step, num_chunks", [(0, 1), (9, 5), (23, 10)])
def test_training_stops_after_the_chunk_that_is_not_finite(step, num_chunks, key):
    training = train_until(step, key)
    assert training.num_chunks == num_chunks
    assert np.isfinite(training.curve).sum() == num_chunks - 1
    assert np.isnan(training.score)


def test_nan_weights_after_the_last_step_have_no_score(key):
    training = train_until(TASK.num_steps - 1, key)
    assert training.num_chunks == NUM_CHUNKS and np.isfinite(training.curve).all()
    assert np.isnan(training.score)


def test_training_stops_at_a_hurdle(key):
    hurdles = jnp.full(NUM_CHUNKS, jnp.inf).at[3].set(0.0)
    training = compile_quickly(lambda key: train(TASK, optax.sgd(0.1), key, hurdles))(key)
    assert training.num_chunks == 4 and np.isnan(training.score)
    assert np.isfinite(training.curve[:4]).all() and np.isnan(training.curve[4:]).all()


def test_fewer_steps_than_chunks(key):
    task = DigitsMLP(num_steps=3, batch_size=4, width=4).build()
    training = compile_quickly(lambda key: train(task, optax.sgd(0.1), key))(key)
    score, _ = plain_loop(task, optax.sgd(0.1), key)
    assert training.score == pytest.approx(float(score), abs=2 / 600)


def test_lanes_train_as_each_by_itself():
    """Check lanes with their own rates, keys and hurdles; a stopped one leaves the others alone."""
    rates = jnp.array([0.1, jnp.inf, 0.01, 0.1])
    keys = jax.random.split(jax.random.key(3), 4)
    hurdles = jnp.full((4, NUM_CHUNKS), jnp.inf).at[3, 4].set(0.0)

    def sgd(rate):
        def scale(leaf):
            return -leaf * rate.reshape(rate.shape + (1,) * (leaf.ndim - rate.ndim))

        def update(updates, state, params=None):
            return jax.tree.map(scale, updates), state

        return optax.GradientTransformation(lambda params: (), update)

    train_lanes = compile_quickly(lambda rate, key, hurdles: train(TASK, sgd(rate), key, hurdles))
    lanes = train_lanes(rates, keys, hurdles)
    assert lanes.num_chunks.tolist() == [NUM_CHUNKS, 1, NUM_CHUNKS, 5]
    for lane in range(4):
        alone = train_lanes(rates[lane], keys[lane], hurdles[lane])
        assert alone.num_chunks == lanes.num_chunks[lane]
        np.testing.assert_allclose(lanes.curve[lane], alone.curve, rtol=1e-4)
        np.testing.assert_allclose(lanes.score[lane], alone.score, atol=2 / 600)


@pytest.mark.parametrize(
    "change, message",
    [
        ({"score": lambda params, data: "0.5"}, "score must be a float, shape=.*; it is 0.5"),
        (
            {"score": lambda params, data: jnp.ones(3)},
            r"score must .*; it is float32, shape=\(3,\)",
        ),
        ({"score": lambda params, data: jnp.ones((), int)}, "score must .*; it is int32"),
        ({"loss": lambda params, batch: None}, "loss must be a float, shape=.*; it is None"),
        ({"loss": lambda params, batch: jnp.ones(8)}, r"loss must .*; it is float32, shape=\(8,\)"),
    ],
)
@pytest.mark.parametrize("num_lanes", [0, 2])
def test_task_that_gives_no_number_is_named(change, message, num_lanes, key):
    task = dataclasses.replace(TASK, **change)
    keys = jax.random.split(key, num_lanes) if num_lanes else key
    with pytest.raises(TaskError, match=f"task digits_mlp: {message}"):
        jax.eval_shape(lambda key: train(task, optax.sgd(0.1), key), keys)
