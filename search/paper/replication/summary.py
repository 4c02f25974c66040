"""Summary of a study in plain dictionaries, for the report and `--json`."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.driver.progress import RunProgress
from lionhunt.search.driver.setup import summarize_tasks
from lionhunt.search.environment import summarize_environment
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.paper.replication.curves import NUM_POINTS, ProgressCurve, read_curve, spread
from lionhunt.search.paper.replication.loop import FinishedRun
from lionhunt.search.paper.replication.paper_numbers import HIT_RATE, REDUNDANT_SHARE
from lionhunt.search.paper.replication.plan import EVOLUTION, GROUPS
from lionhunt.search.reporting import finite_or_none
from lionhunt.search.statistics import interval
from lionhunt.search.storage.run_store import RunStore

CURVES = ProgressCurve._fields


def summarize_study(
    name: str, config: StudyConfig, finished: Sequence[FinishedRun]
) -> dict[str, Any]:
    """Return the runs, and means over the runs of each group.

    Args:
        name: of the study.
        config: of the study.
        finished: its runs, in order.
    """
    runs, curves = [], []
    for run in finished:
        with RunStore.open_to_read(run.folder) as records:
            runs.append({"name": run.name, "group": run.group} | summarize_study_run(records))
            curves.append(read_curve(records))
    groups = []
    evolutions = [run for run in runs if run["group"] == EVOLUTION]
    for group in GROUPS:
        members = [run for run in runs if run["group"] == group]
        if members:
            of_group = [c for c, run in zip(curves, runs, strict=True) if run["group"] == group]
            behind = {"behind_evolution": _difference(evolutions, members)}
            groups.append({"group": group} | _summarize_group(members, of_group) | behind)
    return {
        "study": name,
        "config": config.model_dump(mode="json"),
        "tasks": summarize_tasks([options.build() for options in config.run.tasks]),
        "runs": runs,
        "progress": [(number + 1) / NUM_POINTS for number in range(NUM_POINTS)],
        "groups": groups,
        "paper": {
            "hit_rate": HIT_RATE._asdict(),
            "redundant_share": REDUNDANT_SHARE._asdict(),
        },
    } | summarize_environment()


def reference_name(summary: dict[str, Any]) -> str:
    """Return the reference of fitness 0, as the config of the study names it."""
    run = summary["config"]["run"]
    return run["reference"] or run["initial"]


def summarize_study_run(records: RunStore) -> dict[str, Any]:
    """Return the numbers of one run."""
    progress = RunProgress.of_records(records)
    best = progress.best
    config = records.info()["config"]
    # The first population consists of the initial program.
    first = records.best(config["evolution"]["population_size"])
    return {
        "seed": config["seed"],
        "first_fitness": None if first is None else first.fitness,
        "best_fitness": None if best is None else best.fitness,
        "best_index": None if best is None else best.individual.index,
        "best_statements": None if best is None else best.num_statements,
        "best_needed": None if best is None else best.num_needed,
        "programs": progress.num_programs,
        "evaluated": progress.num_evaluated,
        "equivalent": progress.num_equivalent,
        "trainings": records.num_chunks() / (NUM_CHUNKS * len(config["tasks"])),
        "hit_rate": progress.num_hits / max(1, progress.num_children),
        "redundant_share": progress.redundant_share,
        "evaluation_seconds": records.seconds(),
        "outcomes": {status.value: count for status, count in progress.statuses.items()},
        "history_digest": records.history_digest(),
    }


def _summarize_group(
    runs: Sequence[dict[str, Any]], curves: Sequence[ProgressCurve]
) -> dict[str, Any]:
    """Return means and standard errors over runs that differ in their seed alone."""
    at_end = {}
    for key in (
        "first_fitness",
        "best_fitness",
        "hit_rate",
        "redundant_share",
        "trainings",
        "programs",
    ):
        values = [math.nan if run[key] is None else run[key] for run in runs]
        mean, error = spread([np.array([value]) for value in values])
        at_end[key] = {"mean": finite_or_none(mean[0]), "error": finite_or_none(error[0])}
    over_progress = {}
    for key in CURVES:
        mean, error = spread([getattr(curve, key) for curve in curves])
        over_progress[key] = {
            "mean": list(map(finite_or_none, mean)),
            "error": list(map(finite_or_none, error)),
        }
    return {"num_runs": len(runs), "at_end": at_end, "over_progress": over_progress}


def _difference(
    evolutions: Sequence[dict[str, Any]], others: Sequence[dict[str, Any]]
) -> dict[str, float] | None:
    """Return by how much evolution ends higher, paired by seed; None for fewer than two seeds."""
    by_seed = {run["seed"]: run["best_fitness"] for run in evolutions}
    pairs = [(by_seed[run["seed"]], run["best_fitness"]) for run in others]
    values = [first - second for first, second in pairs if None not in (first, second)]
    return interval(values)._asdict() if len(values) > 1 and evolutions != others else None
