"""Training as one compiled loop."""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import optax
from jax import lax

from proxy_tasks.task import Task

NUM_CHUNKS = 10
"""Points of a training curve, and places where training can stop early."""


class Training(NamedTuple):
    """What came of one training.

    Attributes:
        score: the task's validation metric, shape=(); NaN if training stopped early, or
            if the last parameters are not finite.
        curve: mean training loss of each chunk of steps, shape=(NUM_CHUNKS,); NaN where not run.
        num_chunks: chunks run, shape=(), dtype=int32; NUM_CHUNKS unless training stopped early.
    """

    score: jax.Array
    curve: jax.Array
    num_chunks: jax.Array


def train(
    task: Task,
    optimizer: optax.GradientTransformation,
    key: jax.Array,
    hurdles: jax.Array | None = None,
) -> Training:
    """Trains once and scores the result; pure, to be jitted by the caller.

    After each chunk, training stops if the chunk's mean loss is not finite or above its hurdle.

    Args:
        task: what to train.
        optimizer: with its learning rate in it.
        key: all randomness; the same key means the same parameters and the same batches.
        hurdles: the largest loss each chunk may have, shape=(NUM_CHUNKS,); None for no hurdle.
    """
    if hurdles is None:
        hurdles = jnp.full(NUM_CHUNKS, jnp.inf)
    init_key, batch_key = jax.random.split(key)
    params = task.init(task.data, init_key)
    loss_and_gradient = jax.value_and_grad(task.loss)
    stops = jnp.linspace(0, task.num_steps, NUM_CHUNKS + 1).astype(jnp.int32)

    def step(index, carry):
        params, state, total = carry
        batch = task.batch(task.data, jax.random.fold_in(batch_key, index))
        loss, gradient = loss_and_gradient(params, batch)
        updates, state = optimizer.update(gradient, state, params)
        return optax.apply_updates(params, updates), state, total + loss

    def run_chunk(carry):
        chunk, _, params, state, curve = carry
        start, stop = stops[chunk], stops[chunk + 1]
        params, state, total = lax.fori_loop(start, stop, step, (params, state, jnp.zeros(())))
        loss = total / jnp.maximum(stop - start, 1)
        goes_on = jnp.isfinite(loss) & (loss <= hurdles[chunk])
        return chunk + 1, goes_on, params, state, curve.at[chunk].set(loss)

    def goes_on(carry):
        return (carry[0] < NUM_CHUNKS) & carry[1]

    curve = jnp.full(NUM_CHUNKS, jnp.nan)
    start = (jnp.zeros((), jnp.int32), jnp.array(True), params, optimizer.init(params), curve)
    num_chunks, finished, params, _, curve = lax.while_loop(goes_on, run_chunk, start)
    for leaf in jax.tree.leaves(params):
        finished &= jnp.isfinite(leaf).all()
    score = jnp.where(finished, task.score(params, task.data), jnp.nan)
    return Training(score, curve, num_chunks)
