"""Fine-tuning: a network pretrained on some digits learns the others from few examples."""

import dataclasses
import functools
from typing import Any, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.data.dataset import DataError, Split
from lionhunt.proxy_tasks.models.convnet import ConvNet
from lionhunt.proxy_tasks.options import DigitsFinetuning, DigitsOptions
from lionhunt.proxy_tasks.task import Params, Task
from lionhunt.proxy_tasks.tasks.digits import build_digits

NUM_OLD = NUM_NEW = 5
"""Pretraining uses the digits 0 to 4, fine-tuning 5 to 9."""
PRETRAINING_RATE = 1e-2
"""Learning rate of Adam."""


class FinetuningData(NamedTuple):
    """Data and parameters that fine-tuning starts from.

    Attributes:
        train: images and labels of the new digits; label 0 is the digit 5.
        validation: other images and labels of the new digits.
        pretrained: all parameters but those of the head.
    """

    train: tuple[Any, ...]
    validation: tuple[Any, ...]
    pretrained: Params


def build(options: DigitsFinetuning) -> Task:
    """Build the task.

    Raises:
        DataError: there are fewer examples than `num_examples`.
    """
    new = choose_digits(range(NUM_OLD, NUM_OLD + NUM_NEW))
    images, labels = new.train
    if options.num_examples > len(labels):
        raise DataError(f"num_examples ({options.num_examples}) must be {len(labels)} at most")
    train = images[: options.num_examples], labels[: options.num_examples]
    width = options.scaled_width()
    num_steps = round(options.pretraining_steps * options.scale**0.5)
    task = build_digits(options.kind, options, lambda key: ConvNet(width, NUM_NEW, key=key))

    def init(data, key):
        fresh = task.init(data, key)
        return eqx.tree_at(lambda model: model.convolutions, fresh, data.pretrained)

    pretrained = pretrain(width, num_steps, options.batch_size)
    return dataclasses.replace(
        task,
        data=jax.tree.map(jnp.asarray, FinetuningData(train, new.validation, pretrained)),
        init=init,
    )


def choose_digits(digits: range) -> Split:
    """Return the images of neighbouring digits in their old order, labelled from 0."""

    def choose(images, labels):
        chosen = np.isin(labels, digits)
        return images[chosen], labels[chosen] - digits.start

    data = load_digits()
    return Split(choose(*data.train), choose(*data.validation))


@functools.cache
def pretrain(width: int, num_steps: int, batch_size: int) -> Params:
    """Train a network on the old digits and return all parameters but those of the head."""
    options = DigitsOptions(num_steps=num_steps, batch_size=batch_size, width=width)
    task = build_digits("pretraining", options, lambda key: ConvNet(width, NUM_OLD, key=key))
    optimizer = optax.adam(PRETRAINING_RATE)

    @jax.jit
    def run(data, key):
        init_key, batch_key = jax.random.split(key)

        def step(index, carry):
            params, state = carry
            batch = task.batch(data, jax.random.fold_in(batch_key, index))
            updates, state = optimizer.update(jax.grad(task.loss)(params, batch), state)
            return optax.apply_updates(params, updates), state

        params = task.init(data, init_key)
        return lax.fori_loop(0, num_steps, step, (params, optimizer.init(params)))[0]

    data = jax.tree.map(jnp.asarray, choose_digits(range(NUM_OLD)))
    return run(data, jax.random.key(0)).convolutions
