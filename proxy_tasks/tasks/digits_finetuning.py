"""Fine-tuning: a network that knows some digits learns the others, from few examples."""

import dataclasses
import functools
from typing import Any, Literal, NamedTuple

import equinox as eqx
import jax
import jax.numpy as jnp
import numpy as np
import optax
from jax import lax

from lionhunt.proxy_tasks.data.bundled import load_digits
from lionhunt.proxy_tasks.data.dataset import DataError, Split
from lionhunt.proxy_tasks.models.convnet import ConvNet
from lionhunt.proxy_tasks.task import Params, Task
from lionhunt.proxy_tasks.tasks.digits import DigitsOptions, digits_task

NUM_OLD = NUM_NEW = 5
"""Pretraining is on the digits from 0 to 4, fine-tuning on those from 5 to 9."""
PRETRAINING_RATE = 1e-2
"""Adam's."""


class FinetuningData(NamedTuple):
    """What fine-tuning begins with.

    Attributes:
        train: images and labels of the new digits; label 0 is the digit 5.
        validation: others of them.
        pretrained: parameters of all but the head.
    """

    train: tuple[Any, ...]
    validation: tuple[Any, ...]
    pretrained: Params


@dataclasses.dataclass(frozen=True, kw_only=True)
class DigitsFinetuning(DigitsOptions):
    """Digits 5 to 9 by a convolutional network pretrained on 0 to 4; stands for fine-tuning.

    The head is fresh, from the key; the rest begins where pretraining by Adam ended, which is the
    same for every key. All parameters are trained. Pretraining happens once in a process, when the
    task is built, and is no part of an evaluation.

    An evaluation takes 0.09 s of one core of an AMD EPYC, with AdamW.
    """

    kind: Literal["digits_finetuning"] = "digits_finetuning"
    num_steps: int = 200
    batch_size: int = 32
    width: int = 16
    """Channels at scale 1."""
    num_examples: int = 100
    """Images to fine-tune on; there are about 600."""
    pretraining_steps: int = 200
    """Steps of pretraining at scale 1, with batches of the same size."""

    def build(self) -> Task:
        """The task; raises `DataError` where there are not so many examples."""
        new = choose_digits(range(NUM_OLD, NUM_OLD + NUM_NEW))
        images, labels = new.train
        if self.num_examples > len(labels):
            raise DataError(f"num_examples ({self.num_examples}) must be {len(labels)} at most")
        train = images[: self.num_examples], labels[: self.num_examples]
        width = self.scaled_width()
        num_steps = round(self.pretraining_steps * self.scale**0.5)
        task = digits_task(self.kind, self, lambda key: ConvNet(width, NUM_NEW, key=key))

        def init(data, key):
            fresh = task.init(data, key)
            return eqx.tree_at(lambda model: model.convolutions, fresh, data.pretrained)

        pretrained = pretrain(width, num_steps, self.batch_size)
        return dataclasses.replace(
            task,
            data=jax.tree.map(jnp.asarray, FinetuningData(train, new.validation, pretrained)),
            init=init,
        )


def choose_digits(digits: range) -> Split:
    """The images of neighbouring digits, labelled from 0 on, in the order they have."""

    def choose(images, labels):
        chosen = np.isin(labels, digits)
        return images[chosen], labels[chosen] - digits.start

    data = load_digits()
    return Split(choose(*data.train), choose(*data.validation))


@functools.cache
def pretrain(width: int, num_steps: int, batch_size: int) -> Params:
    """Parameters of all but the head of a network that has learned the old digits."""
    options = DigitsOptions(num_steps=num_steps, batch_size=batch_size, width=width)
    task = digits_task("pretraining", options, lambda key: ConvNet(width, NUM_OLD, key=key))
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
