"""Setup of a selection: its description, made from its config and its runs, and its store."""

import copy
import itertools
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from lionhunt.search.driver.setup import summarize_tasks
from lionhunt.search.environment import summarize_environment
from lionhunt.search.fields import TaskOptions
from lionhunt.search.selection.candidates import (
    choose_candidates,
    load_baseline,
    summarize_candidates_of_run,
)
from lionhunt.search.selection.config import SelectConfig, WinnersConfig
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.resume import create_or_resume
from lionhunt.search.user_code.task_options import digests_of

META = "meta-validation"
"""Name of the part of a selection that looks for meta-overfitting."""
WINNERS = "selected programs"
"""Name of the part of a selection that looks at its winners closer."""


def shorter_part(share: float) -> str:
    """Return the name of the part that trains winners for a share of the steps."""
    return f"{WINNERS}, {share:g} of the steps"


def summarize_selection_setup(config: SelectConfig, paths: Sequence[Path]) -> dict[str, Any]:
    """Return the description of a selection for its records: all that its loop needs.

    Raises:
        ConfigError: a baseline is no program, or the runs cannot be compared.
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
        **_sources(config),
    } | summarize_environment()


def _sources(config: SelectConfig) -> dict[str, Any]:
    """Return the digests of the users' files; nothing where there are none."""
    stages = itertools.chain.from_iterable(stage.tasks for stage in config.stages)
    sources = dict(digests_of((*stages, *config.meta_tasks, *config.winners_tasks)))
    return {"sources": sources} if sources else {}


def _parts(config: SelectConfig, run_seeds: Collection[int]) -> Iterator[dict[str, Any]]:
    """Yield the stages, meta-validation and the closer look, with seeds that nothing else uses."""
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
    if config.winners.num_seeds:
        tasks, winners = config.winners_tasks, config.winners
        full = part(WINNERS, tasks, winners.num_tuning_seeds, winners.num_seeds)
        yield full
        for share in winners.horizons:
            shorter = part(shorter_part(share), [task.shortened(share) for task in tasks], 0, 0)
            # Trainings of all lengths are paired.
            yield shorter | {"final_seeds": full["final_seeds"]}


def open_selection(folder: Path, info: dict[str, Any]) -> AbstractContextManager[SelectionStore]:
    """Open the store of a selection to write, new or resumed.

    The recorded selection may have another number of workers, other paths of its runs, and other
    versions. The scores of the initial program show the effect of versions.

    Raises:
        RecordError: the folder holds another selection, or is unusable.
    """
    return create_or_resume(SelectionStore, folder, info, _identity)


def complete_config(config: dict[str, Any]) -> dict[str, Any]:
    """Return a recorded config with the keys that earlier versions lack, off as they were then."""
    config = copy.deepcopy(config)
    for stage in config["stages"]:
        stage["tuning"].setdefault("num_extensions", 0)
    config.setdefault("winners", WinnersConfig().model_dump(mode="json"))
    return config


def _identity(info: dict[str, Any]) -> dict[str, Any]:
    config = complete_config(info["config"])
    evaluation = {"combination": config.pop("evaluation")["combination"]}
    runs = [{key: run[key] for key in ("history_digest", "checkpoints")} for run in info["runs"]]
    return {
        "sources": info.get("sources", {}),
        "config": config | {"evaluation": evaluation},
        "runs": runs,
        "candidates": [candidate["program"] for candidate in info["candidates"]],
        "baselines": info["baselines"],
        "parts": info["parts"],
    }
