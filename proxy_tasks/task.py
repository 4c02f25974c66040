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
    """

    name: str
    num_steps: int
    data: Data
    init: Callable[[Data, jax.Array], Params]
    batch: Callable[[Data, jax.Array], Batch]
    loss: Callable[[Params, Batch], jax.Array]
    score: Callable[[Params, Data], jax.Array]
    metric: str
    higher_is_better: bool
    digest: str

    @property
    def schedule(self) -> optax.Schedule:
        """Return the schedule: linear warmup over the first 5 % of steps, then cosine; peak 1."""
        import optax

        num_warmup_steps = max(1, self.num_steps // 20)
        return optax.warmup_cosine_decay_schedule(
            init_value=1 / (num_warmup_steps + 1),
            peak_value=1.0,
            warmup_steps=num_warmup_steps,
            decay_steps=max(self.num_steps, num_warmup_steps + 1),
        )

    @property
    def num_parameters(self) -> int:
        """Count the trained numbers of the model, from shapes alone."""
        import jax

        shapes = jax.eval_shape(self.init, self.data, jax.random.key(0))
        return sum(leaf.size for leaf in jax.tree.leaves(shapes))
