"""The contract of a proxy task: a small training problem that an optimizer is scored on.

The module imports JAX only where a method computes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lionhunt.errors import LionhuntError

if TYPE_CHECKING:
    import jax
    import optax

NUM_CHUNKS = 10
"""Points of a training curve; training can stop early after each."""

Params = Any
"""A tree of float32 arrays."""
Batch = Any
"""A tuple of arrays with a leading axis of examples."""
Data = Any
"""A tree of arrays."""


class TaskError(LionhuntError):
    """A task whose loss or score is not a number: one line that names the task."""


@dataclasses.dataclass(frozen=True)
class Task:
    """A training problem; all its randomness comes from keys.

    Pass the data as an argument to a compiled function: `dataclasses.replace(task, data=...)`.
    A compiled function copies everything that it closes over.

    Attributes:
        name: kind of the task.
        num_steps: training steps.
        data: arrays that `init`, `batch` and `score` read.
        init: from data and key to parameters.
        batch: from data and key to a training batch.
        loss: from parameters and batch to the mean loss, shape=().
        score: from parameters and data to the validation metric, shape=().
        metric: name of the validation metric, with its unit.
        higher_is_better: direction of the score.
        digest: identifies options and data; equal digests give equal scores on one machine.
        reparametrization: largest scale of an array of the parameters; 1 for none. See
            `lionhunt.proxy_tasks.augmentation`.
        horizons: range that each training draws its number of steps from; None for `num_steps`.
        target_loss: the score is the steps to this training loss, and `score` is not called. See
            `lionhunt.proxy_tasks.reaching`. None for the score of `score`.
    """

    name: str
    num_steps: int | jax.Array
    data: Data
    init: Callable[[Data, jax.Array], Params]
    batch: Callable[[Data, jax.Array], Batch]
    loss: Callable[[Params, Batch], jax.Array]
    score: Callable[[Params, Data], jax.Array]
    metric: str
    higher_is_better: bool
    digest: str
    reparametrization: float = 1.0
    horizons: tuple[int, int] | None = None
    target_loss: float | None = None

    def at(self, key: jax.Array) -> Task:
        """Return the task of the training with a key, whose number of steps is drawn.

        The scales of a reparametrized task are drawn where its training begins.

        Raises:
            TaskError: there are several keys, and horizons.
        """
        if self.horizons is None:
            return self
        if key.shape:
            raise TaskError(f"task {self.name}: models with horizons cannot train side by side")
        from lionhunt.proxy_tasks.augmentation import draw_num_steps

        return dataclasses.replace(
            self, num_steps=draw_num_steps(key, self.horizons), horizons=None
        )

    @property
    def schedule(self) -> optax.Schedule:
        """Return the schedule: linear warmup over the first 5 % of steps, then cosine; peak 1.

        It is `optax.warmup_cosine_decay_schedule`, which takes no traced number of steps.
        """
        import jax.numpy as jnp

        is_traced = not isinstance(self.num_steps, int)
        largest = jnp.maximum if is_traced else max
        num_warmup_steps = largest(1, self.num_steps // 20)
        num_decay_steps = largest(1, self.num_steps - num_warmup_steps)
        first = 1 / (num_warmup_steps + 1)

        def schedule(count: Any) -> jax.Array:
            left = 1 - jnp.clip(count, 0, num_warmup_steps) / num_warmup_steps
            warmup = (first - 1) * left + 1
            elapsed = jnp.minimum(count - num_warmup_steps, num_decay_steps)
            decay = 0.5 * (1 + jnp.cos(jnp.pi * elapsed / num_decay_steps))
            return jnp.where(count < num_warmup_steps, warmup, decay)

        return schedule

    @property
    def num_parameters(self) -> int:
        """Count the trained numbers of the model, from shapes alone."""
        import jax

        shapes = jax.eval_shape(self.init, self.data, jax.random.key(0))
        return sum(leaf.size for leaf in jax.tree.leaves(shapes))
