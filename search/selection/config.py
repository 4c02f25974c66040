"""The configuration of a selection."""

from typing import Annotated, Literal

import pydantic
from pydantic import Field

from lionhunt.search.config import Config
from lionhunt.search.driver.config import EvaluationConfig
from lionhunt.search.fields import Count, Factor, Seeds, TaskOptions


class BaselineConfig(Config):
    """An optimizer that candidates have to beat; it is tuned as they are."""

    program: str
    """A library name, a file, or RUN:INDEX."""
    learning_rate: Factor = 1.0
    """Its update times this is where its tuning begins: programs of the library whose `lr` is the
    learning rate itself have no peak of their own, and the schedules of tasks have peak 1."""


class TuningConfig(Config):
    """How constants are tuned; every baseline and every candidate has as many trials."""

    learning_rates: Annotated[tuple[Factor, ...], Field(min_length=1)] = (1.0, 0.5, 2.0, 0.25, 4.0)
    """Multiples of the update, one a trial; the first trial, 1, is the program as it is."""
    num_variations: Annotated[int, Field(ge=0, le=10_000)] = 4
    """Trials after these, each with one constant of the best so far multiplied by 2^a, a ~ N(0, 1),
    as in the paper's search for constants alone."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.learning_rates[0] != 1.0:
            raise ValueError(
                f"learning_rates must begin with 1.0, the program as it is, and not with "
                f"{self.learning_rates[0]}"
            )
        if len(set(self.learning_rates)) < len(self.learning_rates):
            raise ValueError("learning_rates has a number twice")
        return self


class StageConfig(Config):
    """One stage of the funnel: its tasks, and what candidates have to show there."""

    num_candidates: Count
    """Programs that enter at most: the fittest of the runs, or the best of the stage before."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)]
    """What they are scored on; `scale` makes a task larger."""
    tuning: TuningConfig = TuningConfig()
    num_tuning_seeds: Seeds = 2
    """Seeds that every trial is scored with."""
    num_final_seeds: Annotated[int, Field(ge=2, le=1000)] = 4
    """Fresh seeds that the tuned programs are compared with."""


class MetaValidationConfig(Config):
    """Meta-overfitting: the best programs so far, at points of a run's progress, on other tasks."""

    num_checkpoints: Annotated[int, Field(ge=2, le=1000)] = 10
    """Points of a run's progress after its start, the last at its end."""
    num_seeds: Annotated[int, Field(ge=2, le=1000)] = 4
    """Seeds that each program is scored with, as it is."""
    tasks: Annotated[tuple[TaskOptions, ...], Field(min_length=1)] | None = None
    """The tasks of meta-validation; those of the first stage by default."""


class SelectConfig(Config):
    """One selection."""

    seed: Annotated[int, Field(ge=0, lt=2**31)] = 1000
    """Of the variations of constants, and the first of the seeds that programs train with. Those of
    the runs are left out, and no two parts of a selection share one."""
    skip_equivalent: bool = True
    """Leave out candidates that do on a small probe what a fitter one does."""
    beats: Literal["interval", "mean"] = "interval"
    """When a candidate beats the best baseline: the lower end of the 95 % confidence interval of
    its advantage is above 0, or the mean is."""
    baselines: Annotated[tuple[BaselineConfig, ...], Field(min_length=1)] = (
        BaselineConfig(program="adamw_initial"),
        BaselineConfig(program="adamw", learning_rate=0.001),
    )
    """What candidates have to beat."""
    stages: Annotated[tuple[StageConfig, ...], Field(min_length=1)]
    """The stages, in order."""
    meta_validation: MetaValidationConfig = MetaValidationConfig()
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
        for key in ("weights", "functional_cache", "reevaluate"):
            if getattr(self.evaluation, key):
                raise ValueError(
                    f"evaluation.{key} is of a search; a selection scores every program with "
                    "several seeds, on tasks that all count the same: remove it"
                )
        names = [baseline.program for baseline in self.baselines]
        if len(set(names)) < len(names):
            raise ValueError(f"baselines names a program twice: {', '.join(names)}")
        return self

    @property
    def meta_tasks(self) -> tuple[TaskOptions, ...]:
        """The tasks of meta-validation."""
        return self.meta_validation.tasks or self.stages[0].tasks
