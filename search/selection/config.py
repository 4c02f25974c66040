"""The configuration of a selection."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from lionhunt.search.config import Config
from lionhunt.search.driver.config import EvaluationConfig
from lionhunt.search.fields import Count, Factor, Horizons, Seeds, TaskOptions

Rule = Literal["interval", "mean"]
"""When an advantage counts: its interval is above 0, or its mean is."""


class BaselineConfig(Config):
    """An optimizer that candidates have to beat; it is tuned as they are."""

    program: str
    """A library name, a file, or RUN:INDEX."""
    learning_rate: Factor = 1.0
    """Its tuning begins with the update multiplied by this.

    The schedules of tasks have peak 1. A library program whose `lr` is the learning rate itself
    has no peak of its own, and needs this one."""


class TuningConfig(Config):
    """Tuning of constants; every baseline and every candidate has the same number of trials."""

    learning_rates: Annotated[tuple[Factor, ...], Field(min_length=1)] = (1.0, 0.5, 2.0, 0.25, 4.0)
    """Multiples of the update, one a trial; the first trial, 1, is the program as it is."""
    num_extensions: Annotated[int, Field(ge=0, le=1000)] = 4
    """Further multiples, as many for every optimizer. They go on beyond its best multiple while
    that is at an edge, and otherwise refine the grid around it."""
    num_variations: Annotated[int, Field(ge=0, le=10_000)] = 4
    """Further trials, each with one constant of the best so far multiplied by 2^a, a ~ N(0, 1).

    The paper's search for constants alone does the same."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.learning_rates[0] != 1.0:
            raise ValueError(
                f"learning_rates must begin with 1.0, the program as it is, and not with "
                f"{self.learning_rates[0]}"
            )
        if len(set(self.learning_rates)) < len(self.learning_rates):
            raise ValueError("learning_rates has a number twice; remove it")
        return self


class StageConfig(Config):
    """One stage of the funnel: its tasks, its tuning and its seeds."""

    num_candidates: Count
    """The most candidates of a stage: the fittest of the runs, or the best of the stage before."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)]
    """Tasks of the stage; `scale` makes a task larger."""
    tuning: TuningConfig = TuningConfig()
    num_tuning_seeds: Seeds = 2
    """Seeds per trial."""
    num_final_seeds: Annotated[int, Field(ge=2, le=1000)] = 4
    """Fresh seeds on which the tuned programs are compared."""


class MetaValidationConfig(Config):
    """Meta-overfitting: the best programs so far, at points of a run's progress, on other tasks."""

    num_checkpoints: Annotated[int, Field(ge=2, le=1000)] = 10
    """Points of a run's progress after its start, the last at its end."""
    num_seeds: Annotated[int, Field(ge=2, le=1000)] = 4
    """Seeds per program, which stays untuned."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)] | None = None
    """The tasks of meta-validation; those of the first stage by default."""


class WinnersConfig(Config):
    """A closer look at the selected programs, on seeds that no decision saw."""

    num_seeds: Annotated[int, Field(ge=0, le=1000)] = 0
    """Fresh seeds of the closer look; 0 for none."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)] | None = None
    """Its tasks; those of the last stage by default."""
    tuning: TuningConfig = TuningConfig(
        learning_rates=(1.0, 0.5, 2.0), num_extensions=2, num_variations=0
    )
    """Tuning of baselines, selected programs and their parts, from the tuning of the last stage."""
    num_tuning_seeds: Seeds = 2
    """Seeds per trial."""
    horizons: Horizons = (0.5, 0.7, 0.85)
    """Lengths of further trainings, as shares of the steps, each with its whole schedule. They say
    how many steps a selected program needs for the final score of each baseline."""
    drop_one: bool = True
    """Train each selected program without each of its functions and each of its states, too."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.num_seeds == 1:
            raise ValueError("num_seeds (1) shows no spread; give 2 or more, or 0 for none")
        return self


class SelectConfig(Config):
    """One selection."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1000
    """Seed of the variations of constants, and the first training seed.

    Seeds of the runs are left out, and no two parts of a selection share one."""
    skip_equivalent: bool = True
    """Leave out candidates that agree with a fitter one on a small probe."""
    beats: Rule = "interval"
    """When a candidate beats the best baseline.

    `interval`: the lower end of the 95 % confidence interval of its advantage is above 0.
    `mean`: the mean advantage is above 0."""
    baselines: Annotated[tuple[BaselineConfig, ...], Field(min_length=1)] = (
        BaselineConfig(program="adamw_initial"),
        BaselineConfig(program="adamw", learning_rate=0.001),
    )
    """The optimizers to beat."""
    stages: Annotated[tuple[StageConfig, ...], Field(min_length=1)]
    """The stages, in order."""
    meta_validation: MetaValidationConfig = MetaValidationConfig()
    winners: WinnersConfig = WinnersConfig()
    evaluation: EvaluationConfig = EvaluationConfig()

    @pydantic.model_validator(mode="after")
    def _check(self):
        for number, (stage, after) in enumerate(
            zip(self.stages, self.stages[1:], strict=False), start=1
        ):
            if after.num_candidates > stage.num_candidates:
                raise ValueError(
                    f"num_candidates of stage {number + 1} ({after.num_candidates}) must be at "
                    f"most that of stage {number} ({stage.num_candidates})"
                )
        for key in ("weights", "functional_cache", "fitness"):
            if getattr(self.evaluation, key):
                raise ValueError(
                    f"evaluation.{key} is of a search; a selection scores every program with "
                    "several seeds, on tasks of equal weight: remove it"
                )
        names = [baseline.program for baseline in self.baselines]
        if len(set(names)) < len(names):
            raise ValueError(f"baselines names a program twice: {', '.join(names)}; remove one")
        return self

    @property
    def meta_tasks(self) -> tuple[TaskOptions, ...]:
        """Return the tasks of meta-validation."""
        return self.meta_validation.tasks or self.stages[0].tasks

    @property
    def winners_tasks(self) -> tuple[TaskOptions, ...]:
        """Return the tasks of the closer look."""
        return self.winners.tasks or self.stages[-1].tasks
