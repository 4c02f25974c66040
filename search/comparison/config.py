"""The configuration of a comparison."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from lionhunt.search.comparison.optimizers import ComparedOptimizer, find_optimizer
from lionhunt.search.comparison.result import Hyperparameters
from lionhunt.search.config import Config
from lionhunt.search.fields import RayAddress, TaskOptions
from lionhunt.search.workers.ray_cluster import LOCAL

Positive = Annotated[float, Field(ge=1e-9, le=1e4)]
Factor = Annotated[float, Field(gt=1, le=1000)]
Seeds = Annotated[int, Field(gt=0, le=1000)]
Constants = dict[str, Annotated[float, Field(ge=-1e9, le=1e9)] | Literal["num_steps"]]


class OptimizerConfig(Config):
    """An optimizer, and where its tuning begins."""

    program: str
    """A library name, a file, RUN:INDEX or RUN:best, or an optimizer of optax: `optax.adamw`."""
    name: str | None = None
    """What tells it from the others; the word of `program` by default."""
    learning_rate: Positive
    """Where its grid starts: the peak of the schedule. Of a program that says nothing of its
    constants, a multiple of its update."""
    weight_decay: Positive
    """The same, decoupled and multiplied by the learning rate."""
    constants: Constants = {}
    """Values of its other named constants; `num_steps` stands for the length of the training."""
    constants_by_kind: dict[str, Constants] = {}
    """The same on tasks of a kind: `{stdlib_lm = {beta1 = 0.95}}`."""

    @property
    def label(self) -> str:
        return self.name or self.program

    def find(self) -> ComparedOptimizer:
        """The optimizer; raises `ConfigError` if there is none."""
        return find_optimizer(
            self.label,
            self.program,
            Hyperparameters(self.learning_rate, self.weight_decay),
            self.constants,
            self.constants_by_kind,
        )


class GridConfig(Config):
    """How learning rate and weight decay are tuned: the same for every optimizer."""

    num_trials: Annotated[int, Field(gt=0, le=10_000)] = 25
    """Points that every optimizer has on every task."""
    num_seeds: Seeds = 3
    """Seeds that every point is scored with."""
    learning_rate_factor: Factor = 4.0
    """A coarse step of the grid; its root is a fine one."""
    weight_decay_factor: Factor = 10.0
    """The same."""


class SpreadConfig(Config):
    """How much depends on tuning: a small grid around the best point."""

    num_points: Annotated[int, Field(ge=2, le=15)] = 3
    """Along each side; the paper's has 3."""
    factor: Factor = 2.0
    """From point to point."""
    num_seeds: Seeds = 5
    """The first of the final seeds."""


class ComparisonConfig(Config):
    """What is compared."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """The first of the tuning seeds; final seeds begin a million later."""
    reference: str | None = None
    """The name of the optimizer that the others are held against; the first by default."""
    tuning: GridConfig = GridConfig()
    num_final_seeds: Annotated[int, Field(ge=5, le=1000)] = 10
    """Fresh seeds that the tuned optimizers are compared with."""
    spread: SpreadConfig | None = None
    """If given, a grid around every best point."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)]
    """What is trained on; a kind may come several times, with other options."""
    optimizers: Annotated[tuple[OptimizerConfig, ...], Field(min_length=1)]
    """What trains."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        labels = [optimizer.label for optimizer in self.optimizers]
        if len(set(labels)) < len(labels):
            raise ValueError(f"two optimizers have one name; give each its own: {labels}")
        if self.reference is not None and self.reference not in labels:
            raise ValueError(f"reference '{self.reference}' is none of {labels}")
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError("tasks has one twice")
        kinds = {task.kind for task in self.tasks}
        for optimizer in self.optimizers:
            for kind in optimizer.constants_by_kind:
                if kind not in kinds:
                    raise ValueError(f"constants_by_kind of {optimizer.label}: no task is {kind}")
        if self.spread and self.spread.num_seeds > self.num_final_seeds:
            raise ValueError(
                f"num_seeds of spread ({self.spread.num_seeds}) must be at most num_final_seeds "
                f"({self.num_final_seeds})"
            )
        return self


class TrainingsConfig(Config):
    """Where trainings run; the result does not depend on it."""

    workers: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Ray workers, one core each; 0 trains in this process."""
    ray_address: RayAddress = LOCAL
    """Where they are; see docs/cluster.md."""
    training_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Wall clock after which a training is given up, with what it has to compile."""


class CompareConfig(ComparisonConfig):
    """One comparison."""

    evaluation: TrainingsConfig = TrainingsConfig()
