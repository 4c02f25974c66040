"""The contract of a proxy task: a small training problem that an optimizer is scored on.

The module imports JAX only where a method computes.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from lionhunt.proxy_tasks.task_errors import TaskError

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
        digest: identifies options and data; equal digests give equal scores on one machine. It is
            empty where nothing has identified the functions yet.
        reparametrization: largest scale of an array of the parameters; 1 for none. See
            `lionhunt.proxy_tasks.augmentation`.
        horizons: range that each training draws its number of steps from; None for `num_steps`.
        target_loss: the score is the steps to this training loss, and `score` is not called. See
            `lionhunt.proxy_tasks.reaching`. None for the score of `score`.
    """

    name: str
    num_steps: int | jax.Array
    data: Data = dataclasses.field(repr=False)
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

    @staticmethod
    def from_functions(
        *,
        init: Callable[..., Params],
        batch: Callable[..., Batch],
        loss: Callable[[Params, Batch], jax.Array],
        score: Callable[..., jax.Array],
        num_steps: int,
        metric: str = "score",
        higher_is_better: bool = False,
        data: Data | None = None,
        name: str = "task",
        digest: str = "",
    ) -> Task:
        """Build a task from plain functions.

        Without data they are `init(key)`, `batch(key)`, `loss(params, batch)` and `score(params)`.
        With data, `batch` and `score` take it as their last argument: `batch(key, data)` and
        `score(params, data)`. Large arrays belong there: whatever else a function reads is copied
        into its compiled form.

        Args:
            init: from a key to the parameters, a tree of float32 arrays.
            batch: from a key to a training batch.
            loss: from parameters and batch to the mean loss, shape=().
            score: from parameters to the validation metric, shape=().
            num_steps: training steps.
            metric: name of the validation metric, with its unit.
            higher_is_better: direction of the score.
            data: a tree of arrays.
            name: a word for tables and charts.
            digest: identifies a task whose functions use what Lionhunt cannot identify.

        Raises:
            TaskError: a function does not take these arguments.

        Example:
            >>> import jax, jax.numpy as jnp
            >>> parabola = Task.from_functions(
            ...     init=lambda key: {"w": jax.random.normal(key, (3,))},
            ...     batch=lambda key: jax.random.normal(key, (8, 3)),
            ...     loss=lambda params, x: jnp.mean((x @ params["w"]) ** 2),
            ...     score=lambda params: jnp.sum(params["w"] ** 2),
            ...     num_steps=50,
            ...     metric="squared distance",
            ... )
            >>> parabola.num_parameters
            3
        """
        from lionhunt.proxy_tasks.from_functions import adapt

        functions = {"init": init, "batch": batch, "loss": loss, "score": score}
        parts = adapt(functions, data, num_steps, name)
        return Task(
            name,
            num_steps,
            **parts,
            metric=metric,
            higher_is_better=higher_is_better,
            digest=digest,
        )

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

    def reaching(self, target_loss: float) -> Task:
        """Return the task whose score is the steps to a training loss."""
        return dataclasses.replace(
            self,
            target_loss=target_loss,
            metric=f"steps to a loss of {target_loss:g}",
            higher_is_better=False,
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
