"""Training as one compiled loop, of one model or of many side by side."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from lionhunt.proxy_tasks.task import NUM_CHUNKS, Params, Task, TaskError


class Training(NamedTuple):
    """The result of one training; with a leading axis of lanes, of many.

    Attributes:
        score: validation metric of the task, shape=(); NaN if training stopped early, or if the
            last parameters are not finite.
        curve: mean training loss of each chunk of steps, shape=(NUM_CHUNKS,); NaN where not run.
        num_chunks: chunks run, shape=(), dtype=int32; NUM_CHUNKS unless training stopped early.
    """

    score: jax.Array
    curve: jax.Array
    num_chunks: jax.Array


class Fit(NamedTuple):
    """A trained model and its training; with a leading axis of lanes, many.

    Attributes:
        params: last parameters.
        finished: True if training ran to its end and the parameters are finite, shape=().
        curve, num_chunks: see `Training`.
        observed: results of `observe` after each chunk, leading axis=NUM_CHUNKS; NaN where not run.
    """

    params: Params
    finished: jax.Array
    curve: jax.Array
    num_chunks: jax.Array
    observed: Any


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
    fitted = fit(task, optimizer, key, hurdles)
    score = _checked(task, "score", task.score)
    score = jax.vmap(score, (0, None)) if key.shape else score
    scores = jnp.where(fitted.finished, score(fitted.params, task.data), jnp.nan)
    return Training(scores, fitted.curve, fitted.num_chunks)


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


def fit(
    task: Task,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    hurdles: jax.Array | None = None,
    observe: Callable[[jax.Array, Params], Any] = lambda chunk, params: (),
) -> Fit:
    """Train once; pure, to be jitted by the caller.

    After each chunk, training stops if the mean loss of the chunk is not finite or above its
    hurdle.

    Given several keys, it trains as many models side by side, in lanes. The lanes share the step
    count and end when the last one stops. A stopped lane keeps computing, and its results are
    discarded. In a quickstart this wastes 8 % of the chunks; hurdles cause most of the waste.

    Args:
        task: task to train on.
        optimizer: includes the learning rate. In lanes, its parameters have a leading axis.
        key: all randomness; the same key means the same parameters and the same batches.
            shape=(), or shape=(lanes,).
        hurdles: largest loss that each chunk may have, shape=(NUM_CHUNKS,), or
            shape=(lanes, NUM_CHUNKS); None for no hurdle.
        observe: from the number of a chunk and the parameters after it to a tree of float32
            arrays. Not for lanes.
    """
    lanes = key.shape
    map_lanes: Any = jax.vmap if lanes else lambda function, in_axes=0: function
    if hurdles is None:
        hurdles = jnp.full((*lanes, NUM_CHUNKS), jnp.inf)
    init_key, batch_key = jnp.moveaxis(map_lanes(jax.random.split)(key), -1, 0)
    params = map_lanes(task.init, (None, 0))(task.data, init_key)
    draw_key = map_lanes(jax.random.fold_in, (0, None))
    draw_batch = map_lanes(task.batch, (None, 0))
    loss_and_gradient = map_lanes(jax.value_and_grad(_checked(task, "loss", task.loss)))
    stops = jnp.linspace(0, task.num_steps, NUM_CHUNKS + 1).astype(jnp.int32)

    def step(index, carry):
        params, state, total = carry
        batch = draw_batch(task.data, draw_key(batch_key, index))
        loss, gradient = loss_and_gradient(params, batch)
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, total + loss

    def run_chunk(carry):
        chunk, is_running, num_chunks, params, state, curve, observed = carry
        start, stop = stops[chunk], stops[chunk + 1]
        params, state, total = lax.fori_loop(start, stop, step, (params, state, jnp.zeros(lanes)))
        loss = total / jnp.maximum(stop - start, 1)
        curve = curve.at[..., chunk].set(jnp.where(is_running, loss, jnp.nan))
        observed = jax.tree.map(
            lambda earlier, new: earlier.at[chunk].set(new), observed, observe(chunk, params)
        )
        num_chunks += is_running
        is_running &= jnp.isfinite(loss) & (loss <= hurdles[..., chunk])
        return chunk + 1, is_running, num_chunks, params, state, curve, observed

    def is_training(carry):
        chunk, is_running, *_ = carry
        return (chunk < NUM_CHUNKS) & is_running.any()

    start = (
        jnp.zeros((), jnp.int32),
        jnp.ones(lanes, bool),
        jnp.zeros(lanes, jnp.int32),
        params,
        optimizer.init(params),
        jnp.full((*lanes, NUM_CHUNKS), jnp.nan),
        jax.tree.map(
            lambda leaf: jnp.full((NUM_CHUNKS, *leaf.shape), jnp.nan),
            jax.eval_shape(observe, stops[0], params),
        ),
    )
    _, finished, num_chunks, params, _, curve, observed = lax.while_loop(
        is_training, run_chunk, start
    )
    for leaf in jax.tree.leaves(params):
        finished &= map_lanes(lambda leaf: jnp.isfinite(leaf).all())(leaf)
    return Fit(params, finished, curve, num_chunks, observed)
