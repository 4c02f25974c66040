"""Training as one compiled loop, of one model or of many side by side.

`train` and `fit` run to the end. `begin`, `advance` and `conclude` are the same in parts.
Between them you may look at the losses, and drop a model that is behind.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from lionhunt.proxy_tasks.augmentation import Scales, draw_scales, to_model, to_stored
from lionhunt.proxy_tasks.reaching import add_loss, begin_reaching, count_steps
from lionhunt.proxy_tasks.task import NUM_CHUNKS, Params, Task, TaskError


class Training(NamedTuple):
    """The result of one training; with a leading axis of lanes, of many.

    Attributes:
        score: validation metric of the task, or its steps to a loss, shape=(); NaN if training
            stopped early, or if the last parameters are not finite.
        curve: mean training loss of each chunk of steps, shape=(NUM_CHUNKS,); NaN where not run.
        num_chunks: chunks run, shape=(), dtype=int32; NUM_CHUNKS unless training stopped early.
    """

    score: jax.Array
    curve: jax.Array
    num_chunks: jax.Array


class Fit(NamedTuple):
    """A trained model and its training; with a leading axis of lanes, many.

    Attributes:
        params: last parameters of the model.
        finished: True if training ran to its end and the parameters are finite, shape=().
        curve, num_chunks: see `Training`.
        observed: results of `observe` after each chunk, leading axis=NUM_CHUNKS; NaN where not run.
    """

    params: Params
    finished: jax.Array
    curve: jax.Array
    num_chunks: jax.Array
    observed: Any


class Ongoing(NamedTuple):
    """A model in the middle of its training; with a leading axis of lanes, many.

    Attributes:
        chunk: number of the next chunk, shape=(), dtype=int32, also in lanes.
        is_running: False once training stopped early, shape=(), dtype=bool.
        num_chunks: chunks run, shape=(), dtype=int32.
        params, state: of the optimizer. In a reparametrized task, `params` are the stored ones.
        scales: of the parameters.
        curve, observed: see `Fit`.
        reaching: the way to the loss of a task with a target; () without one.
    """

    chunk: jax.Array
    is_running: jax.Array
    num_chunks: jax.Array
    params: Params
    state: Any
    scales: Scales
    curve: jax.Array
    observed: Any = ()
    reaching: Any = ()


Observe = Callable[[jax.Array, Params], Any]
"""From the number of a chunk and the model's parameters after it to a tree of float32 arrays."""


def _observe_nothing(chunk: jax.Array, params: Params) -> tuple[()]:
    return ()


def train(
    task: Task,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    hurdles: jax.Array | None = None,
) -> Training:
    """Train and score the result; pure, to be jitted by the caller.

    Arguments and lanes are those of `fit`.

    Raises:
        TaskError: the loss or the score of the task is not a float of shape ().
    """
    return conclude(task, advance(task, optimizer, key, begin(task, optimizer, key), hurdles))


def fit(
    task: Task,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    hurdles: jax.Array | None = None,
    observe: Observe = _observe_nothing,
) -> Fit:
    """Train once; pure, to be jitted by the caller.

    After each chunk, training stops if the mean loss of the chunk is not finite or above its
    hurdle.

    Given several keys, it trains as many models side by side, in lanes. The lanes share the step
    count and end when the last one stops. A stopped lane keeps computing, and its results are
    discarded. In a quickstart this wastes 8 % of the chunks; hurdles cause most of the waste.

    Args:
        task: task to train on.
        optimizer: includes the learning rate, for which `task.at(key).schedule` is the schedule.
            In lanes, its parameters have a leading axis.
        key: all randomness; the same key means the same parameters and the same batches.
            shape=(), or shape=(lanes,).
        hurdles: largest loss that each chunk may have, shape=(NUM_CHUNKS,), or
            shape=(lanes, NUM_CHUNKS); None for no hurdle.
        observe: called after each chunk. Not for lanes.
    """
    ongoing = begin(task, optimizer, key, observe)
    ongoing = advance(task, optimizer, key, ongoing, hurdles, observe=observe)
    return Fit(
        _model(ongoing),
        _is_finished(ongoing),
        ongoing.curve,
        ongoing.num_chunks,
        ongoing.observed,
    )


def begin(
    task: Task,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    observe: Observe = _observe_nothing,
) -> Ongoing:
    """Return the model before its first step; arguments and lanes are those of `fit`."""
    lanes = key.shape
    init_key, _ = _split(key)
    params = _map_lanes(lanes, task.init, (None, 0))(task.data, init_key)
    num_arrays = len(jax.tree.leaves(params))
    scales = _map_lanes(lanes, lambda k: draw_scales(k, task.reparametrization, num_arrays))(key)
    params = _map_lanes(lanes, to_stored)(params, scales)
    return Ongoing(
        jnp.zeros((), jnp.int32),
        jnp.ones(lanes, bool),
        jnp.zeros(lanes, jnp.int32),
        params,
        optimizer.init(params),
        scales,
        jnp.full((*lanes, NUM_CHUNKS), jnp.nan, jnp.float32),
        jax.tree.map(
            lambda leaf: jnp.full((NUM_CHUNKS, *leaf.shape), jnp.nan, jnp.float32),
            jax.eval_shape(observe, jnp.zeros((), jnp.int32), params),
        ),
        () if task.target_loss is None else begin_reaching(lanes, task.at(key).num_steps),
    )


def advance(
    task: Task,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    ongoing: Ongoing,
    hurdles: jax.Array | None = None,
    stop: int | jax.Array = NUM_CHUNKS,
    observe: Observe = _observe_nothing,
) -> Ongoing:
    """Train on until chunk `stop`, or until the last lane stopped early.

    Args:
        task, optimizer, key, hurdles, observe: see `fit`; the same as in `begin`.
        ongoing: result of `begin`, or of an earlier call.
        stop: number of the first chunk that is not run.
    """
    lanes = key.shape
    if hurdles is None:
        hurdles = jnp.full((*lanes, NUM_CHUNKS), jnp.inf)
    _, batch_key = _split(key)
    draw_key = _map_lanes(lanes, jax.random.fold_in, (0, None))
    draw_batch = _map_lanes(lanes, task.batch, (None, 0))
    loss_of_model = _checked(task, "loss", task.loss)
    scales = ongoing.scales

    def loss_of_stored(params, batch, scales):
        return loss_of_model(to_model(params, scales), batch)

    loss_and_gradient = _map_lanes(lanes, jax.value_and_grad(loss_of_stored))
    num_steps = task.at(key).num_steps
    stops = jnp.linspace(0, num_steps, NUM_CHUNKS + 1).astype(jnp.int32)

    def step(index, carry):
        params, state, total, reaching = carry
        batch = draw_batch(task.data, draw_key(batch_key, index))
        loss, gradient = loss_and_gradient(params, batch, scales)
        updates, state = optimizer.update(gradient, state, params)
        if task.target_loss is not None:
            reaching = add_loss(reaching, index, loss, task.target_loss)
        return optax.apply_updates(params, updates), state, total + loss, reaching

    def run_chunk(ongoing: Ongoing) -> Ongoing:
        chunk, is_running, num_chunks, params, state, _, curve, observed, reaching = ongoing
        first, end = stops[chunk], stops[chunk + 1]
        carry = params, state, jnp.zeros(lanes), reaching
        params, state, total, reaching = lax.fori_loop(first, end, step, carry)
        loss = total / jnp.maximum(end - first, 1)
        curve = curve.at[..., chunk].set(jnp.where(is_running, loss, jnp.nan))
        observed = jax.tree.map(
            lambda earlier, new: earlier.at[chunk].set(new),
            observed,
            observe(chunk, _map_lanes(lanes, to_model)(params, scales)),
        )
        num_chunks += is_running
        is_running &= jnp.isfinite(loss) & (loss <= hurdles[..., chunk])
        return Ongoing(
            chunk + 1, is_running, num_chunks, params, state, scales, curve, observed, reaching
        )

    def is_training(ongoing: Ongoing) -> jax.Array:
        return (ongoing.chunk < stop) & ongoing.is_running.any()

    return lax.while_loop(is_training, run_chunk, ongoing)


def conclude(task: Task, ongoing: Ongoing) -> Training:
    """Score a model at the end of its training.

    Raises:
        TaskError: the score of the task is not a float of shape ().
    """
    if task.target_loss is not None:
        scores = count_steps(ongoing.reaching, task.target_loss)
    else:
        score = _checked(task, "score", task.score)
        score = _map_lanes(ongoing.is_running.shape, score, (0, None))
        scores = score(_model(ongoing), task.data)
    scores = jnp.where(_is_finished(ongoing), scores, jnp.nan)
    return Training(scores, ongoing.curve, ongoing.num_chunks)


def _model(ongoing: Ongoing) -> Params:
    """Return the parameters of the model."""
    return _map_lanes(ongoing.is_running.shape, to_model)(ongoing.params, ongoing.scales)


def _is_finished(ongoing: Ongoing) -> jax.Array:
    """Return whether training ran to its end and the parameters are finite, shape=(lanes)."""
    finished = ongoing.is_running
    is_finite = _map_lanes(finished.shape, lambda leaf: jnp.isfinite(leaf).all())
    for leaf in jax.tree.leaves(ongoing.params):
        finished &= is_finite(leaf)
    return finished


def _split(key: jax.Array) -> tuple[jax.Array, jax.Array]:
    """Return the keys of the parameters and of the batches."""
    init_key, batch_key = jnp.moveaxis(_map_lanes(key.shape, jax.random.split)(key), -1, 0)
    return init_key, batch_key


def _map_lanes(lanes: tuple[int, ...], function: Callable[..., Any], in_axes: Any = 0) -> Any:
    """Return a function of one model as a function of all lanes, if there are lanes."""
    return jax.vmap(function, in_axes) if lanes else function


def _checked(task: Task, role: str, function: Callable[..., Any]) -> Callable[..., jax.Array]:
    """Wrap a function of a task; at compilation it raises `TaskError` if it returns no float."""

    def checked(*args):
        result = function(*args)
        if isinstance(result, jax.Array):
            if result.shape == () and jnp.issubdtype(result.dtype, jnp.floating):
                return result
            result = f"{result.dtype}, shape={result.shape}"
        raise TaskError(f"task {task.name}: {role} must be a float, shape=(); it is {result!s:.80}")

    return checked
