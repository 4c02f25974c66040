"""The configuration of simplification and derivation: tasks, seeds and limits."""

from typing import Annotated

import pydantic
from pydantic import Field

from lionhunt.proxy_tasks import DigitsMLP, StdlibLM
from lionhunt.search.config import Config
from lionhunt.search.fields import Factor, RayAddress, Seeds, TaskOptions
from lionhunt.search.workers.cluster.ray_cluster import LOCAL

TASKS: tuple[TaskOptions, ...] = (
    DigitsMLP(num_steps=20_000, batch_size=32, width=16, depth=1, metric="loss"),
    StdlibLM(num_steps=20_000, batch_size=8, width=16, num_layers=1, length=8),
)
"""Two small tasks, of as many steps as the paper's language task.

The loss on digits shows the effect of regularization: without weight decay it doubles
(results/LOG.md).
"""


class SimplifyConfig(Config):
    """Keys of `lionhunt simplify` and `lionhunt derive`."""

    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)] = TASKS
    """Tasks that measure changes, the cheapest first."""
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.02
    """The largest relative loss of a task's score that counts as none.

    A change is harmless if its 95 % confidence interval ends below the tolerance.
    """
    num_seeds: Annotated[tuple[Seeds, ...], Field(min_length=2)] = (4, 8, 16)
    """Numbers of seeds: of the first look at a change, then of closer ones while undecided."""
    first_seed: Annotated[int, Field(ge=0, lt=2**31)] = 1000
    """The first seed; the others follow it."""
    learning_rate: Factor | None = None
    """Factor of the update in training.

    The default is 1. A program whose `lr` is the learning rate itself does not learn with 1. It
    gets the best power of ten below.
    """
    workers: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Worker processes, one core each; 0 trains in this process. The result is the same."""
    ray_address: RayAddress = LOCAL
    """Address of a Ray cluster, or "local"; see docs/cluster.md."""
    candidate_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Time limit of one training, in seconds; generous, it only ends a training that hangs."""
    rewrite_seconds: Annotated[float, Field(gt=0, le=3600)] = 20.0
    """Time limit of one search for a shorter form, in seconds; most take milliseconds."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if list(self.num_seeds) != sorted(set(self.num_seeds)) or self.num_seeds[0] < 2:
            raise ValueError(f"num_seeds {list(self.num_seeds)} must grow, from 2 or more")
        return self
