"""Which runs a study is made of: each an ordinary run with a config of its own."""

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.evolution.methods import Method
from lionhunt.search.paper.replication.config import StudyConfig

EVOLUTION, RANDOM, CONSTANTS, RESTART = "evolution", "random", "constants", "restart"
GROUPS = (EVOLUTION, RANDOM, CONSTANTS, RESTART)
"""What runs are repeats of, as folders call it."""

NAMES = dict(
    zip(
        GROUPS,
        ("evolution", "random search", "constants alone", "evolution from the best"),
        strict=True,
    )
)
"""The same, as people call it."""


class PlannedRun(NamedTuple):
    """A run that a study asks for.

    Attributes:
        group: what it is a repeat of.
        name: of its folder.
        config: its own.
    """

    group: str
    name: str
    config: RunConfig


def plan_evolutions(config: StudyConfig) -> Iterator[PlannedRun]:
    """The repeats."""
    for number in range(config.num_repeats):
        yield _plan(config, EVOLUTION, number, {})


def plan_baselines(config: StudyConfig, num_trainings: Sequence[float]) -> Iterator[PlannedRun]:
    """What evolution is compared with: each run with the evolution that has its seed.

    Args:
        config: of the study.
        num_trainings: what each evolution trained, in trainings from beginning to end.
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
    """Evolution from where another one ended.

    It has the seed of that one, so that its first program has the fitness that it had there; what
    is drawn is drawn for other programs.

    Args:
        config: of the study.
        best: the folder of the repeat with the best program.
        seed: of that repeat.
    """
    reference = config.run.reference or config.run.initial
    changes = {"initial": f"{best}:best", "reference": reference, "seed": seed}
    return _plan(config, RESTART, 0, changes)


def _plan(config: StudyConfig, group: str, number: int, changes: dict[str, Any]) -> PlannedRun:
    raw = config.run.model_dump(mode="json")
    raw |= {"seed": config.run.seed + number} | changes
    name = f"{group}_{number}"
    return PlannedRun(group, name, parse_run_config(raw, name))
