"""The configuration of a study: one run, how often it is repeated, and what it is compared with."""

from typing import Annotated

import pydantic
from pydantic import Field

from lionhunt.search.config import Config
from lionhunt.search.driver.config import RunConfig

Repeats = Annotated[int, Field(ge=0, le=1000)]


class StudyConfig(Config):
    """One study (the paper: five repeats, baselines with four times the compute, a restart)."""

    run: RunConfig
    """The evolution. Its seed is that of the first repeat; each one that follows has the next."""
    num_repeats: Annotated[int, Field(gt=0, le=1000)] = 5
    """Evolutions from the initial program."""
    num_random: Repeats = 1
    """Random searches, with the seeds of as many evolutions."""
    num_constants: Repeats = 1
    """Evolutions of the constants of the initial program alone, with the same seeds."""
    baseline_factor: Annotated[float, Field(gt=0, le=1000)] = 4.0
    """What these two are given: so many times the training of an evolution, and at most so many
    times its programs."""
    restart: bool = True
    """Whether evolution begins anew from the best program of the best repeat, with its seed."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.run.evolution.method != "evolution":
            raise ValueError(
                f"run.evolution.method must be 'evolution', got '{self.run.evolution.method}': "
                "a study adds the others itself, num_random and num_constants of them"
            )
        num_baselines = max(self.num_random, self.num_constants)
        if num_baselines > self.num_repeats:
            raise ValueError(
                f"num_random ({self.num_random}) and num_constants ({self.num_constants}) must be "
                f"at most num_repeats ({self.num_repeats}), whose seeds they have"
            )
        return self
