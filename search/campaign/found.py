"""Programs that searches found, compared with known optimizers: how experiments of searches end."""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated

from pydantic import Field

from lionhunt.search.activity import OnActivity, exhaust
from lionhunt.search.comparison.config import CompareConfig, OptimizerConfig, Positive
from lionhunt.search.comparison.report import to_activity
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.setup import PreparedComparison, open_comparisons
from lionhunt.search.config import Config
from lionhunt.search.evaluation.outcome import Measurement

COMPARISON = "comparison"
"""Folder of the comparison."""


class FoundConfig(Config):
    """The point at which the tuning of a found program begins."""

    learning_rate: Positive = 1.0
    """Start of its grid; it multiplies the update."""
    weight_decay: Positive | Annotated[float, Field(ge=0, le=0)] = 0.0
    """Start of its grid; 0 is without weight decay."""


def add_found(
    compare: CompareConfig, found: FoundConfig, programs: Mapping[str, str]
) -> CompareConfig:
    """Return a comparison that found programs have joined.

    Args:
        compare: the comparison of known optimizers.
        found: where the tuning of the programs begins.
        programs: their texts by name.
    """
    optimizers = (
        OptimizerConfig(
            program=text,
            name=name,
            learning_rate=found.learning_rate,
            weight_decay=found.weight_decay,
        )
        for name, text in programs.items()
    )
    return compare.model_copy(update={"optimizers": (*compare.optimizers, *optimizers)})


def check_names(compare: CompareConfig, names: Iterable[str]) -> None:
    """Raise `ValueError` if a known optimizer has the name of a found program."""
    labels = {optimizer.label for optimizer in compare.optimizers}
    for name in names:
        if name in labels:
            raise ValueError(f"'{name}' is the name of a found program; rename the optimizer")


def compare_found(
    name: str, config: CompareConfig, folder: Path, num_workers: int, on_activity: OnActivity
) -> tuple[Comparison, float]:
    """Make or resume a comparison; return it, and the seconds of all its trainings.

    Args:
        name: of the experiment.
        config: the comparison, with the found programs.
        folder: of the experiment.
        num_workers: Ray workers; 0 trains in this process.
        on_activity: called with what is being done.
    """
    prepared = PreparedComparison(name, config)
    with open_comparisons(folder / COMPARISON, [prepared]) as store:
        events = prepared.make_loop(store, config.evaluation, num_workers).run()
        comparison = exhaust(events, lambda event: on_activity(to_activity(event)))
        return comparison, total_seconds(store.trainings().values())


def total_seconds(measurements: Iterable[Measurement]) -> float:
    """Return the seconds of all measurements."""
    return sum(measurement.seconds for measurement in measurements)
