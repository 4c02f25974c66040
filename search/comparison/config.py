"""The configuration of a comparison."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from lionhunt.search.comparison.optimizers import ComparedOptimizer, find_optimizer
from lionhunt.search.config import Config
from lionhunt.search.errors import did_you_mean
from lionhunt.search.fields import Horizons, RayAddress, Seeds, TaskOptions
from lionhunt.search.tuning_grid import Hyperparameters
from lionhunt.search.workers.cluster.ray_cluster import LOCAL

Positive = Annotated[float, Field(ge=1e-9, le=1e4)]
GridFactor = Annotated[float, Field(gt=1, le=1000)]
Constants = dict[str, Annotated[float, Field(ge=-1e9, le=1e9)] | Literal["num_steps"]]


class OptimizerConfig(Config):
    """An optimizer, and the point at which its tuning begins."""

    program: str
    """A library name, a file, RUN:INDEX or RUN:best, an optimizer of Optax: `optax.adamw`, or the
    text of a program."""
    name: str | None = None
    """A unique name; `program` by default. A text needs one."""
    learning_rate: Positive
    """Start of its grid: the peak of the schedule. For a program without named constants it
    multiplies the update."""
    weight_decay: Positive | Annotated[float, Field(ge=0, le=0)]
    """Start of its grid; decoupled, and multiplied by the learning rate. 0 is without weight decay,
    and only the learning rate is tuned."""
    constants: Constants = {}
    """Values of its other named constants; `num_steps` stands for the length of the training."""
    constants_by_kind: dict[str, Constants] = {}
    """The same on tasks of a kind: `{stdlib_lm = {beta1 = 0.95}}`."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.name is None and "\n" in self.program:
            raise ValueError("a program given as text needs a name; add name = ...")
        return self

    @property
    def label(self) -> str:
        return self.name or self.program

    def find(self) -> ComparedOptimizer:
        """Return the optimizer; raise `ConfigError` if there is none."""
        return find_optimizer(
            self.label,
            self.program,
            Hyperparameters(self.learning_rate, self.weight_decay),
            self.constants,
            self.constants_by_kind,
        )


class GridConfig(Config):
    """Tuning of learning rate and weight decay, the same for every optimizer."""

    num_trials: Annotated[int, Field(gt=0, le=10_000)] = 25
    """Grid points per optimizer and task."""
    num_seeds: Seeds = 3
    """Seeds per grid point."""
    learning_rate_factor: GridFactor = 4.0
    """A coarse step of the grid; its root is a fine step."""
    weight_decay_factor: GridFactor = 10.0
    """A coarse step of the grid; its root is a fine step."""


class SensitivityGridConfig(Config):
    """A small grid around the best point: how much the score depends on tuning."""

    num_points: Annotated[int, Field(ge=2, le=15)] = 3
    """Points along each side; the paper's grid has 3."""
    factor: GridFactor = 2.0
    """Factor from point to point."""
    num_seeds: Seeds = 5
    """Seeds per point: the first of the final seeds."""


class ComparisonConfig(Config):
    """Optimizers, tasks and budgets of a comparison."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 0
    """The first of the tuning seeds; final seeds begin a million later."""
    reference: str | None = None
    """The name of the optimizer that all others are compared with; the first by default."""
    tuning: GridConfig = GridConfig()
    num_final_seeds: Annotated[int, Field(ge=5, le=1000)] = 10
    """Fresh seeds on which the tuned optimizers are compared."""
    horizons: Horizons = ()
    """Lengths of further trainings of the best points, as shares of the steps: `[0.5, 0.7, 0.85]`.

    Each has its whole schedule, and the learning rate of the full length. They say how many steps
    an optimizer needs for the reference's final score. By default that is only read off the curve
    of the full training, whose schedule has not decayed at its points."""
    spread: SensitivityGridConfig | None = None
    """A grid around every best point; none by default."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)]
    """Tasks; a kind may come several times, with other options."""
    optimizers: Annotated[tuple[OptimizerConfig, ...], Field(min_length=1)]
    """Optimizers, the reference among them."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        labels = [optimizer.label for optimizer in self.optimizers]
        if len(set(labels)) < len(labels):
            raise ValueError(f"two optimizers have one name; give each its own: {labels}")
        if self.reference is not None and self.reference not in labels:
            near = did_you_mean(self.reference, labels)
            raise ValueError(f"reference '{self.reference}' is none of {labels}{near}")
        if len(set(self.tasks)) < len(self.tasks):
            raise ValueError("tasks has one twice; remove it or change its options")
        if any(task.target_loss is not None for task in self.tasks):
            raise ValueError(
                "a comparison reports the steps to the reference's final score by itself: give "
                "its tasks no target_loss"
            )
        if any(task.horizons for task in self.tasks):
            raise ValueError(
                "a comparison tunes for one length: give its tasks num_steps, not horizons"
            )
        kinds = {task.name for task in self.tasks}
        for optimizer in self.optimizers:
            for kind in optimizer.constants_by_kind:
                if kind not in kinds:
                    place = f"constants_by_kind of {optimizer.label}"
                    near = did_you_mean(kind, kinds)
                    raise ValueError(f"{place}: no task is {kind}{near}")
        if self.spread and self.spread.num_seeds > self.num_final_seeds:
            raise ValueError(
                f"num_seeds of spread ({self.spread.num_seeds}) must be at most num_final_seeds "
                f"({self.num_final_seeds})"
            )
        return self


class TrainingsConfig(Config):
    """The workers; they do not change the result."""

    workers: Annotated[int, Field(ge=0, le=10_000)] = 2
    """Worker processes, one core each; 0 trains in this process."""
    ray_address: RayAddress = LOCAL
    """Address of a Ray cluster, or "local"; see docs/cluster.md."""
    training_seconds: Annotated[float, Field(gt=0)] = 600.0
    """Wall clock limit of a training, compilation included."""


class CompareConfig(ComparisonConfig):
    """One comparison, with its workers."""

    evaluation: TrainingsConfig = TrainingsConfig()
