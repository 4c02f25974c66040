"""Plan of a study: its runs, each an ordinary run with a config of its own."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.evolution.methods import Method
from lionhunt.search.paper.replication.config import StudyConfig

EVOLUTION, RANDOM, CONSTANTS, RESTART = "evolution", "random", "constants", "restart"
GROUPS = (EVOLUTION, RANDOM, CONSTANTS, RESTART)
"""Groups of runs, as in names of folders."""

NAMES = dict(
    zip(
        GROUPS,
        ("evolution", "random search", "constants alone", "evolution from the best"),
        strict=True,
    )
)
"""Groups of runs, as in reports."""


class PlannedRun(NamedTuple):
    """A run of a study before it starts.

    Attributes:
        group: one of `GROUPS`.
        name: name of its folder.
        config: config of the run.
    """

    group: str
    name: str
    config: RunConfig


def plan_evolutions(config: StudyConfig) -> Iterator[PlannedRun]:
    """Yield the repeats."""
    for number in range(config.num_repeats):
        yield _plan(config, EVOLUTION, number, {})


def plan_baselines(config: StudyConfig, num_trainings: Sequence[float]) -> Iterator[PlannedRun]:
    """Yield the baselines. Each is compared with the evolution that has its seed.

    Args:
        config: of the study.
        num_trainings: full trainings of each evolution.
    """
    run = config.run
    methods: tuple[tuple[Method, int], ...] = (
        ("random", config.num_random),
        ("constants", config.num_constants),
    )
    for method, count in methods:
        for number in range(count):
            changes = {
                "num_programs": math.ceil(config.baseline_factor * run.num_programs),
                "max_trainings": config.baseline_factor * num_trainings[number],
                "evolution": run.evolution.model_dump(mode="json") | {"method": method},
            }
            yield _plan(config, method, number, changes)


def plan_restart(config: StudyConfig, best: Path, seed: int) -> PlannedRun:
    """Plan an evolution that starts from the best program of a repeat.

    It has the seed of the repeat, so its first program has the same fitness in both runs.

    Args:
        config: of the study.
        best: folder of the repeat with the best program.
        seed: seed of that repeat.
    """
    reference = config.run.reference or config.run.initial
    changes = {"initial": f"{best}:best", "reference": reference, "seed": seed}
    return _plan(config, RESTART, 0, changes)


def _plan(config: StudyConfig, group: str, number: int, changes: dict[str, Any]) -> PlannedRun:
    raw = config.run.model_dump(mode="json")
    raw |= {"seed": config.run.seed + number} | changes
    name = f"{group}_{number}"
    return PlannedRun(group, name, parse_run_config(raw, name))
