"""Laws of augmentation: what a reparametrized task keeps, and how horizons stretch a training."""

import dataclasses
import math

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from lionhunt.proxy_tasks import DigitsMLP, Task, TaskError, train
from lionhunt.proxy_tasks.augmentation import draw_num_steps, draw_scales, to_model, to_stored
from lionhunt.proxy_tasks.training import fit
from tests.support.compiling import compile_quickly

OPTIONS = DigitsMLP(num_steps=1, batch_size=8, width=4, depth=1, metric="loss")
TASK = OPTIONS.build()
RATE = 1e-4


def plain(**changes) -> Task:
    """Return a task of two arrays, whose loss is linear."""
    functions = {
        "init": lambda data, key: {"a": jnp.full(3, 2.0), "b": jnp.full((2, 2), -1.0)},
        "batch": lambda data, key: jnp.zeros(()),
        "loss": lambda params, batch: params["a"].sum() + 3 * params["b"].sum() + batch,
        "score": lambda params, data: params["a"].sum(),
    }
    return dataclasses.replace(TASK, **(functions | changes))


def leaves(tree) -> list[np.ndarray]:
    return [np.asarray(leaf) for leaf in jax.tree.leaves(tree)]


def test_scales_are_drawn_for_each_array_by_the_key():
    keys = jax.random.split(jax.random.key(0), 500)
    scales = np.stack(jax.vmap(lambda k: draw_scales(k, 100.0, 4))(keys))
    logs = np.log10(scales)
    assert scales.shape == (4, 500) and logs.min() >= -2 and logs.max() <= 2
    # Uniform logarithms: the mean is 0, and each half of the range has half of the draws.
    assert abs(logs.mean()) < 0.1 and abs((abs(logs) < 1).mean() - 0.5) < 0.05
    assert abs(np.corrcoef(logs)[0, 1:]).max() < 0.15
    assert draw_scales(keys[0], 1.0, 4) == ()


def test_model_is_the_same_at_the_start_and_its_gradients_have_the_scales(key):
    task = plain(loss=lambda params, batch: jnp.sin(params["a"]).sum() * params["b"].sum())
    params = task.init(task.data, key)
    scales = draw_scales(key, 100.0, 2)
    stored = to_stored(params, scales)
    for back, param, kept, scale in zip(
        *map(leaves, (to_model(stored, scales), params, stored)), scales, strict=True
    ):
        np.testing.assert_allclose(back, param, rtol=1e-6)
        np.testing.assert_allclose(kept * scale, param, rtol=1e-6)
    loss, gradients = jax.value_and_grad(task.loss)(params, None)
    same, scaled = jax.value_and_grad(lambda p: task.loss(to_model(p, scales), None))(stored)
    assert float(same) == pytest.approx(float(loss), rel=1e-5)
    for found, gradient, scale in zip(leaves(scaled), leaves(gradients), scales, strict=True):
        np.testing.assert_allclose(found, scale * gradient, rtol=1e-5)


@pytest.mark.parametrize("optimizer, power", [(optax.sgd(RATE), 2), (optax.sign_sgd(RATE), 1)])
def test_a_rule_of_degree_d_in_the_gradient_moves_the_model_by_scale_to_the_d_plus_1(
    optimizer, power, key
):
    """SGD has degree 1, and the sign has degree 0."""
    moves = []
    for task in (plain(), plain(reparametrization=30.0)):
        params = compile_quickly(lambda key: fit(task, optimizer, key).params)(key)  # noqa: B023
        starts = leaves(task.init(task.data, key))
        moves.append([p - s for p, s in zip(leaves(params), starts, strict=True)])
    for raw, scaled, scale in zip(*moves, draw_scales(key, 30.0, 2), strict=True):
        np.testing.assert_allclose(scaled, raw * scale**power, rtol=1e-2, atol=1e-6)


def test_lanes_have_the_scales_of_their_own_keys():
    task = plain(reparametrization=30.0)
    keys = jax.random.split(jax.random.key(3), 3)
    run = compile_quickly(lambda keys: fit(task, optax.sgd(RATE), keys).params)
    lanes = run(keys)
    for index, lane_key in enumerate(keys):
        alone = run(lane_key)
        for found, expected in zip(leaves(lanes), leaves(alone), strict=True):
            np.testing.assert_allclose(found[index], expected, rtol=1e-6)


def test_horizons_are_drawn_log_uniformly_with_both_ends():
    keys = jax.random.split(jax.random.key(1), 2000)
    few = np.asarray(jax.vmap(lambda k: draw_num_steps(k, (3, 6)))(keys))
    assert set(few) == {3, 4, 5, 6}
    many = np.asarray(jax.vmap(lambda k: draw_num_steps(k, (100, 2000)))(keys))
    assert many.min() >= 100 and many.max() <= 2000
    middle = math.sqrt(100 * 2000)
    assert abs((many < middle).mean() - 0.5) < 0.03
    assert {int(draw_num_steps(key, (7, 7))) for key in keys[:5]} == {7}


def test_one_compilation_trains_every_horizon_with_a_schedule_that_fits():
    task = plain(horizons=(5, 400))
    num_traces = [0]

    @compile_quickly
    def run(key):
        num_traces[0] += 1
        drawn = task.at(key)
        # The sum of the schedule shows each of its steps.
        optimizer = optax.scale_by_schedule(lambda count: 1 + 1e-3 * drawn.schedule(count))
        constant = optax.stateless(lambda updates, _: jax.tree.map(jnp.ones_like, updates))
        fitted = fit(task, optax.chain(constant, optimizer), key)
        counts = jnp.arange(400)
        schedule = jnp.where(counts < drawn.num_steps, jax.vmap(drawn.schedule)(counts), 0.0)
        return fitted.params["a"][0] - 2.0, drawn.num_steps, schedule.sum()

    keys = jax.random.split(jax.random.key(2), 4)
    numbers = set()
    for key in keys:
        moved, num_steps, total = map(float, run(key))
        assert moved == pytest.approx(num_steps + 1e-3 * total, rel=1e-5)
        # Warmup and cosine have a mean of about a half, whatever the length.
        assert total / num_steps == pytest.approx(0.5, abs=0.11)
        numbers.add(num_steps)
    assert len(numbers) == 4 and num_traces == [1]


@pytest.mark.parametrize("num_steps", [1, 25, 500])
def test_schedule_is_that_of_optax(num_steps):
    num_warmup_steps = max(1, num_steps // 20)
    of_optax = optax.warmup_cosine_decay_schedule(
        1 / (num_warmup_steps + 1), 1.0, num_warmup_steps, max(num_steps, num_warmup_steps + 1)
    )

    # Every bit is that of the code which is used, so this is compiled as usual.
    @jax.jit
    def compare(counts, traced):
        ours = dataclasses.replace(TASK, num_steps=num_steps).schedule
        stretched = dataclasses.replace(TASK, num_steps=traced).schedule
        return [jax.vmap(schedule)(counts) for schedule in (of_optax, ours, stretched)]

    expected, found, stretched = compare(jnp.arange(num_steps + 3), num_steps)
    np.testing.assert_array_equal(found, expected)
    np.testing.assert_allclose(stretched, expected, atol=1e-6)


def test_models_with_horizons_do_not_train_side_by_side(key):
    task = plain(horizons=(5, 9))
    with pytest.raises(TaskError, match="digits_mlp: models with horizons cannot train side by"):
        train(task, optax.sgd(RATE), jax.random.split(key, 2))


def test_options_are_in_the_digest_only_where_they_are_used():
    changed = [
        dataclasses.replace(OPTIONS, **change)
        for change in ({"reparametrization": 100.0}, {"horizons": (5, 9)}, {"horizons": (5, 10)})
    ]
    digests = {options.digest("data") for options in (OPTIONS, *changed)}
    assert len(digests) == 4
    # Update this only if the digests of all tasks may change.
    assert DigitsMLP().digest("data") == "2c210d5f3b5272e7"


def test_horizons_grow_with_the_scale():
    options = dataclasses.replace(OPTIONS, scale=4.0, horizons=(10, 50))
    assert options.build().horizons == (20, 100) and options.scaled_steps == 100


@pytest.mark.parametrize(
    "change, message",
    [
        ({"reparametrization": 0.5}, r"reparametrization \(0.5\) must be at least 1"),
        ({"horizons": (9, 5)}, r"horizons \[9, 5\] must begin with the lower number"),
        ({"horizons": (0, 5)}, r"horizons.0 \(0\) must be positive"),
    ],
)
def test_wrong_options_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        dataclasses.replace(OPTIONS, **change)
