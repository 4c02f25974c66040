"""The configuration of validation."""

import pydantic

from lionhunt.search.config import Config
from lionhunt.search.fields import Count, TaskOptions


class ValidationConfig(Config):
    """Scoring of the best program on tasks that the search never sees. It is off by default."""

    tasks: tuple[TaskOptions, ...] = ()
    """Validation tasks: other data, another model, 10 times the steps. The best program by rank
    trains on them, and so does the reference, with one seed. In a run with step sizes each has its
    own best ones there. The gain is a share of the reference's score. This training does not count
    for `max_trainings`."""
    every: Count = 1000
    """Programs between two validations; the last one is at the end of the run. Further programs are
    recorded once the validation is done."""
    early_stop: Count | None = None
    """Validations in a row without a new best, after which the run ends. One of an unchanged best
    program does not count. By default the run goes on."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        if self.early_stop is not None and not self.tasks:
            raise ValueError("early_stop needs validation tasks: add [[validation.tasks]]")
        return self
