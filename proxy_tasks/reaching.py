"""Steps to a loss: the score of a task with a target, measured while it trains.

The training loss of a single batch is noisy, and a chunk of a training is long. So the loss of
every step enters an average over the last steps, which costs nothing. The first step at which that
average is at the target counts. The average lags by about 2 % of training, in all trainings alike.

A training that does not get there has more than all steps. The share of the way that is left is
added. Every training goes on to its end after the target, so that its curve is complete.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp

WINDOW = 0.02
"""Steps that the average is over, as a share of training; it is exponential."""


class Reaching(NamedTuple):
    """The way of a training to its target; with a leading axis of lanes, of many.

    Attributes:
        num_steps: steps of the whole training, shape=().
        first: loss of the first step, shape=().
        total: sum of the losses so far, each with its weight, shape=().
        weight: sum of these weights, shape=().
        reached: number of the first step at which the average is at the target, from 1; 0 before.
    """

    num_steps: jax.Array
    first: jax.Array
    total: jax.Array
    weight: jax.Array
    reached: jax.Array


def begin_reaching(lanes: tuple[int, ...], num_steps: int | jax.Array) -> Reaching:
    """Return the way before the first step.

    Args:
        lanes: shape of the models that train side by side; () for one.
        num_steps: steps of the whole training.
    """
    zero = jnp.zeros(lanes)
    all_steps = jnp.broadcast_to(jnp.asarray(num_steps, jnp.float32), lanes)
    return Reaching(all_steps, zero, zero, zero, zero)


def add_loss(reaching: Reaching, index: jax.Array, loss: jax.Array, target: float) -> Reaching:
    """Return the way after one more step.

    Args:
        reaching: before it.
        index: number of the step, from 0, shape=().
        loss: of its batch.
        target: loss to get to.
    """
    rate = 1 / jnp.maximum(WINDOW * reaching.num_steps, 1)
    total = (1 - rate) * reaching.total + rate * loss
    weight = (1 - rate) * reaching.weight + rate
    is_first_time = (reaching.reached == 0) & (total / weight <= target)
    return Reaching(
        reaching.num_steps,
        jnp.where(index == 0, loss, reaching.first),
        total,
        weight,
        jnp.where(is_first_time, index + 1.0, reaching.reached),
    )


def count_steps(reaching: Reaching, target: float) -> jax.Array:
    """Return the steps to the target, at the end of a training.

    Where it was not reached, they are all steps and a share more. The share is that of the way from
    the first loss to the target which is left. It is 1 at most.
    """
    # The first loss is above the target, or it would have been reached at once.
    way = jnp.where(reaching.first > target, reaching.first - target, 1.0)
    left = jnp.clip((reaching.total / reaching.weight - target) / way, 0.0, 1.0)
    beyond = reaching.num_steps * (1 + left)
    return jnp.where(reaching.reached > 0, reaching.reached, beyond)
