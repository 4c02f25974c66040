"""What a selection is before it begins: a function of its config and its runs."""

import itertools
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from lionhunt.search.driver.setup import summarize_tasks
from lionhunt.search.environment import differences, summarize_environment
from lionhunt.search.errors import RecordError
from lionhunt.search.fields import TaskOptions
from lionhunt.search.selection.candidates import (
    choose_candidates,
    load_baseline,
    summarize_candidates_of_run,
)
from lionhunt.search.selection.config import SelectConfig

META = "meta-validation"
"""The part of a selection that looks for meta-overfitting."""


def summarize_selection_setup(config: SelectConfig, paths: Sequence[Path]) -> dict[str, Any]:
    """What a selection is, for its records: all that it needs, and what tells it from others.

    Raises:
        ConfigError: a baseline is no program, or the runs do not go together.
        RecordError: a run cannot be read.
    """
    num_candidates = config.stages[0].num_candidates
    runs = [
        summarize_candidates_of_run(
            path,
            num_candidates,
            config.meta_validation.num_checkpoints,
            config.skip_equivalent,
        )
        for path in paths
    ]
    candidates = choose_candidates(runs, num_candidates, config.skip_equivalent)
    return {
        "config": config.model_dump(mode="json"),
        "initial": runs[0].info["initial"],
        "runs": [
            {
                "path": run.path,
                "seed": run.seed,
                "history_digest": run.digest,
                "checkpoints": [
                    {
                        "progress": point.progress,
                        "index": point.index,
                        "fitness": point.fitness,
                        "program": str(point.program),
                    }
                    for point in run.checkpoints
                ],
            }
            for run in runs
        ],
        "candidates": [
            {"name": c.name, "fitness": c.fitness, "program": str(c.program)} for c in candidates
        ],
        "baselines": [
            {
                "name": baseline.program,
                "learning_rate": baseline.learning_rate,
                "program": str(load_baseline(baseline)),
            }
            for baseline in config.baselines
        ],
        "parts": list(_parts(config, {run.seed for run in runs})),
    } | summarize_environment()


def _parts(config: SelectConfig, run_seeds: Collection[int]) -> Iterator[dict[str, Any]]:
    """The stages and meta-validation: their tasks, and seeds that no other part and no run has."""
    fresh = (seed for seed in itertools.count(config.seed) if seed not in run_seeds)

    def part(name: str, tasks: Sequence[TaskOptions], num_tuning: int, num_final: int):
        return {
            "name": name,
            "tasks": summarize_tasks([options.build() for options in tasks]),
            "tuning_seeds": list(itertools.islice(fresh, num_tuning)),
            "final_seeds": list(itertools.islice(fresh, num_final)),
        }

    for number, stage in enumerate(config.stages, start=1):
        yield part(f"stage {number}", stage.tasks, stage.num_tuning_seeds, stage.num_final_seeds)
    yield part(META, config.meta_tasks, 0, config.meta_validation.num_seeds)


def check_same(there: dict[str, Any], here: dict[str, Any], folder: Path) -> None:
    """Compares a recorded selection with the one that was asked for.

    How many workers there are, and by what path a run is named, is not part of what it is; what
    the versions are, the scores of the initial program will show.

    Raises:
        RecordError: they differ; it says where.
    """
    difference = next(differences(_identity(there), _identity(here)), None)
    if difference is not None:
        raise RecordError(f"{folder} holds another selection ({difference}); choose another --out")


def _identity(info: dict[str, Any]) -> dict[str, Any]:
    config = dict(info["config"])
    evaluation = {"combination": config.pop("evaluation")["combination"]}
    runs = [{key: run[key] for key in ("history_digest", "checkpoints")} for run in info["runs"]]
    candidates = [c["program"] for c in info["candidates"]]
    return {
        "config": config | {"evaluation": evaluation},
        "runs": runs,
        "candidates": candidates,
        "baselines": info["baselines"],
        "parts": info["parts"],
    }
