"""Configuration of the claims: the comparisons that decide them."""

from collections.abc import Collection

import pydantic

from lionhunt.search.comparison.config import ComparisonConfig, TrainingsConfig
from lionhunt.search.config import Config
from lionhunt.search.paper.claims.judge_comparisons import (
    ABLATIONS,
    ADAMW,
    AS_FOUND,
    AS_PUBLISHED,
    LION,
)
from lionhunt.search.paper.claims.registry import BATCH_SIZE, MAIN, VARIANTS

NEEDED = {
    MAIN: (ADAMW, LION),
    VARIANTS: (ADAMW, LION, *ABLATIONS, AS_PUBLISHED, AS_FOUND),
    BATCH_SIZE: (ADAMW, LION),
}
"""Names of the optimizers that each experiment must have."""


class Experiments(Config):
    """The comparisons. Trainings that two of them share run once."""

    main: ComparisonConfig
    """Lion and AdamW on every task, with a small grid around the best points."""
    variants: ComparisonConfig
    """Lion with other betas."""
    batch_size: ComparisonConfig
    """Lion and AdamW at every batch size, on the same number of examples."""

    @pydantic.model_validator(mode="after")
    def _check(self):
        for name, comparison in self:
            labels = [optimizer.label for optimizer in comparison.optimizers]
            _check_names(name, labels)
        if self.main.spread is None:
            raise ValueError("main needs a spread: [experiments.main.spread]")
        return self


def _check_names(experiment: str, labels: Collection[str]) -> None:
    for name in NEEDED[experiment]:
        if name not in labels:
            raise ValueError(
                f"{experiment} needs an optimizer with the name '{name}', and has "
                f"{', '.join(labels)}"
            )


class ClaimsConfig(Config):
    """All experiments."""

    experiments: Experiments
    evaluation: TrainingsConfig = TrainingsConfig()
