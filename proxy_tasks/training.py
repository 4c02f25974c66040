"""Training as one compiled loop, of one model or of many side by side."""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from lionhunt.proxy_tasks.task import Params, Task, TaskError

NUM_CHUNKS = 10
"""Points of a training curve, and places where training can stop early."""


class Training(NamedTuple):
    """What came of one training; with a leading axis of lanes, of many.

    Attributes:
        score: the task's validation metric, shape=(); NaN if training stopped early, or
            if the last parameters are not finite.
        curve: mean training loss of each chunk of steps, shape=(NUM_CHUNKS,); NaN where not run.
        num_chunks: chunks run, shape=(), dtype=int32; NUM_CHUNKS unless training stopped early.
    """

    score: jax.Array
    curve: jax.Array
    num_chunks: jax.Array


class Fit(NamedTuple):
    """A trained model and how it came to be; with a leading axis of lanes, many.

    Attributes:
        params: the last parameters.
        finished: whether training ran to its end and they are finite, shape=().
        curve, num_chunks: see `Training`.
        observed: what was observed after each chunk, leading axis=NUM_CHUNKS; NaN where not run.
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
    """Trains and scores the result; pure, to be jitted by the caller. See `fit`."""
    fitted = fit(task, optimizer, key, hurdles)
    score = _checked(task, "score", task.score)
    score = jax.vmap(score, (0, None)) if key.shape else score
    scores = jnp.where(fitted.finished, score(fitted.params, task.data), jnp.nan)
    return Training(scores, fitted.curve, fitted.num_chunks)


def _checked(task: Task, what: str, function: Callable[..., Any]) -> Callable[..., jax.Array]:
    """The function of a task, which raises `TaskError` as it is compiled if it gives no number."""

    def checked(*args):
        found = function(*args)
        if isinstance(found, jax.Array):
            if found.shape == () and jnp.issubdtype(found.dtype, jnp.floating):
                return found
            found = f"{found.dtype}, shape={found.shape}"
        raise TaskError(f"task {task.name}: {what} must be a float, shape=(); it is {found!s:.80}")

    return checked


def fit(
    task: Task,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    hurdles: jax.Array | None = None,
    observe: Callable[[jax.Array, Params], Any] = lambda chunk, params: (),
) -> Fit:
    """Trains once; pure, to be jitted by the caller.

    After each chunk, training stops if the chunk's mean loss is not finite or above its hurdle.

    Given several keys, it trains as many models side by side, in lanes. They share the step count
    and end when the last one stops; a lane that has stopped runs along, and nothing of it is kept.
    Of the chunks of a quickstart, 8 % are then run for nothing, and most of them with hurdles.

    Args:
        task: what to train.
        optimizer: with its learning rate in it. Of lanes, its parameters have a leading axis.
        key: all randomness; the same key means the same parameters and the same batches.
            shape=(), or shape=(lanes,).
        hurdles: the largest loss each chunk may have, shape=(NUM_CHUNKS,), or
            shape=(lanes, NUM_CHUNKS); None for no hurdle.
        observe: looks at the number of a chunk and the parameters after it, and returns a tree of
            float32 arrays. Not for lanes.
    """
    lanes = key.shape
    each: Any = jax.vmap if lanes else lambda function, in_axes=0: function
    if hurdles is None:
        hurdles = jnp.full((*lanes, NUM_CHUNKS), jnp.inf)
    init_key, batch_key = jnp.moveaxis(each(jax.random.split)(key), -1, 0)
    params = each(task.init, (None, 0))(task.data, init_key)
    draw_key = each(jax.random.fold_in, (0, None))
    draw_batch = each(task.batch, (None, 0))
    loss_and_gradient = each(jax.value_and_grad(_checked(task, "loss", task.loss)))
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
            lambda so_far, new: so_far.at[chunk].set(new), observed, observe(chunk, params)
        )
        num_chunks += is_running
        is_running &= jnp.isfinite(loss) & (loss <= hurdles[..., chunk])
        return chunk + 1, is_running, num_chunks, params, state, curve, observed

    def goes_on(carry):
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
            lambda one: jnp.full((NUM_CHUNKS, *one.shape), jnp.nan),
            jax.eval_shape(observe, stops[0], params),
        ),
    )
    _, finished, num_chunks, params, _, curve, observed = lax.while_loop(goes_on, run_chunk, start)
    for leaf in jax.tree.leaves(params):
        finished &= each(lambda leaf: jnp.isfinite(leaf).all())(leaf)
    return Fit(params, finished, curve, num_chunks, observed)
