"""Configuration of a study: one run, its repeats and its baselines."""

from typing import Annotated

import pydantic
from pydantic import Field

from lionhunt.search.config import Config
from lionhunt.search.driver.config import RunConfig

Repeats = Annotated[int, Field(ge=0, le=1000)]


class StudyConfig(Config):
    """A study. The paper has five repeats, baselines with four times the compute, and a restart."""

    run: RunConfig
    """The evolution. The first repeat has its seed, and each later repeat the next seed."""
    num_repeats: Annotated[int, Field(gt=0, le=1000)] = 5
    """Evolutions from the initial program."""
    num_random: Repeats = 1
    """Random searches, with the seeds of the first evolutions."""
    num_constants: Repeats = 1
    """Evolutions of the initial program's constants alone, with the same seeds."""
    baseline_factor: Annotated[float, Field(gt=0, le=1000)] = 4.0
    """Budget of a baseline: the training of an evolution times this factor.

    It also limits the programs of a baseline, to those of an evolution times this factor."""
    restart: bool = True
    """Start another evolution from the best program of the best repeat, with its seed."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.run.evolution.method != "evolution":
            raise ValueError(
                f"run.evolution.method must be 'evolution', got '{self.run.evolution.method}': "
                "num_random and num_constants add the other methods"
            )
        num_baselines = max(self.num_random, self.num_constants)
        if num_baselines > self.num_repeats:
            raise ValueError(
                f"num_random ({self.num_random}) and num_constants ({self.num_constants}) must be "
                f"at most num_repeats ({self.num_repeats}), since they share its seeds"
            )
        return self
