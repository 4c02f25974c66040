"""The configuration of simplification and derivation: what a change is measured on, and how."""

from typing import Annotated

import pydantic
from pydantic import Field

from lionhunt.proxy_tasks import DigitsMLP, StdlibLM
from lionhunt.search.config import Config
from lionhunt.search.fields import Factor, RayAddress, Seeds, TaskOptions
from lionhunt.search.workers.ray_cluster import LOCAL

TASKS: tuple[TaskOptions, ...] = (
    DigitsMLP(num_steps=20_000, batch_size=32, width=16, depth=1, metric="loss"),
    StdlibLM(num_steps=20_000, batch_size=8, width=16, num_layers=1, length=8),
)
"""As many steps as the paper's language task has. The loss on digits shows what regularization
does: without weight decay it doubles (results/LOG.md)."""


class SimplifyConfig(Config):
    """How programs are simplified."""

    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)] = TASKS
    """What changes are measured on, the cheapest first."""
    tolerance: Annotated[float, Field(gt=0, lt=1)] = 0.02
    """The largest loss of a task's score, as a share of it, that counts as none; the 95 %
    confidence interval has to end below it."""
    num_seeds: Annotated[tuple[Seeds, ...], Field(min_length=2)] = (4, 8, 16)
    """Seeds of the first look at a change, and of closer ones while it is undecided."""
    first_seed: Annotated[int, Field(ge=0, lt=2**31)] = 1000
    """The seeds are this number and those that follow."""
    learning_rate: Factor | None = None
    """Multiplies the update when programs train. By default 1, and where the program does not learn
    with that, because its `lr` is the learning rate itself, the best power of ten below."""
    workers: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Ray workers, one core each; 0 trains in this process. The result does not depend on it."""
    ray_address: RayAddress = LOCAL
    """Where they are; see docs/cluster.md."""
    candidate_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Wall clock after which a training is given up: generous, it only catches what hangs."""
    rewrite_seconds: Annotated[float, Field(gt=0, le=3600)] = 20.0
    """Wall clock for one search for a shorter form: generous, most take milliseconds."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if list(self.num_seeds) != sorted(set(self.num_seeds)) or self.num_seeds[0] < 2:
            raise ValueError(f"num_seeds {list(self.num_seeds)} must grow, from 2 or more")
        return self
