"""Estimate of the duration of a campaign before it starts."""

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from rich.console import Console

from lionhunt.search.campaign.config import CampaignConfig
from lionhunt.search.comparison.protocol import num_trainings
from lionhunt.search.driver.config import EvaluationConfig, RunConfig
from lionhunt.search.driver.setup import load_initial
from lionhunt.search.dry_run import UNCERTAINTY, plan_run
from lionhunt.search.fields import TaskOptions
from lionhunt.search.paper.replication.dry_run import plan_study
from lionhunt.search.reporting.tables import Table, to_rich
from lionhunt.search.reporting.text import duration, print_counts

NUM_LOOKS, NUM_CLOSER_LOOKS = 25, 6
"""Changes that a simplification looks at, and those with all seeds: Lion's derivation has about
as many. A longer program has more."""
SECONDS = 1e6
"""Time limit of a rehearsed training."""


class PlannedPart(NamedTuple):
    """A part of a campaign after the searches.

    Attributes:
        name: of the part.
        times: how often it is made.
        num_trainings: most trainings on each of its tasks.
        tasks: its tasks.
    """

    name: str
    times: int
    num_trainings: int
    tasks: Sequence[TaskOptions]


def plan_parts(config: CampaignConfig) -> Iterator[PlannedPart]:
    """Yield the parts after the searches, with their most trainings."""
    select, simplify, compare = config.select, config.simplify, config.compare
    repeats = config.num_repeats
    for number, stage in enumerate(select.stages, start=1):
        tuning = stage.tuning
        num_trials = len(tuning.learning_rates) + tuning.num_extensions + tuning.num_variations
        num_seeds = num_trials * stage.num_tuning_seeds + stage.num_final_seeds
        num_optimizers = len(select.baselines) + stage.num_candidates
        name = f"selection, stage {number}"
        yield PlannedPart(name, repeats, num_optimizers * num_seeds, stage.tasks)
    meta = select.meta_validation
    num_points = (meta.num_checkpoints + 1) * meta.num_seeds
    yield PlannedPart("meta-validation", repeats, num_points, select.meta_tasks)
    looks = NUM_LOOKS * simplify.num_seeds[0] + NUM_CLOSER_LOOKS * simplify.num_seeds[-1]
    yield PlannedPart("simplification", repeats, looks, simplify.tasks)
    num_optimizers = len(compare.optimizers) + repeats
    yield PlannedPart("comparison", 1, num_optimizers * num_trainings(compare), compare.tasks)


def plan_campaign(config: CampaignConfig, num_workers: int) -> dict[str, Any]:
    """Rehearse the search and a training on each task, and return the plan of the campaign.

    Nothing is written. Times assume that this machine stays as busy as it is now.

    Args:
        config: of the campaign.
        num_workers: 0 trains in this process.

    Raises:
        ConfigError: a program is invalid, or no candidate could end in its time.
        DataError: the data of a task is missing.
    """
    searches = plan_study(config.to_study(), num_workers)
    parts = estimate_parts(config.run, list(plan_parts(config)), num_workers)
    return to_plan(num_workers, searches["seconds"], searches, parts)


def estimate_parts(
    run: RunConfig, parts: Sequence[PlannedPart], num_workers: int
) -> list[dict[str, Any]]:
    """Rehearse a training on each task of some parts, and return their plans.

    Args:
        run: the search that the parts follow.
        parts: to estimate.
        num_workers: 0 trains in this process.
    """
    tasks = tuple(dict.fromkeys(task for part in parts for task in part.tasks))
    evaluation = EvaluationConfig(candidate_seconds=SECONDS)
    changes = {"tasks": tasks, "evaluation": evaluation, "max_trainings": None}
    rehearsed = run.model_copy(update=changes)
    plan = plan_run(rehearsed, load_initial(run.initial), num_workers)
    seconds_of = dict(zip(tasks, (task["seconds"] for task in plan["tasks"]), strict=True))
    return [
        {
            "part": part.name,
            "times": part.times,
            "trainings": part.num_trainings * len(part.tasks),
            "seconds": part.times
            * part.num_trainings
            * sum(seconds_of[task] for task in part.tasks)
            / max(1, num_workers),
        }
        for part in parts
    ]


def to_plan(
    num_workers: int, search_seconds: float, searches: Any, parts: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the plan of all searches and of the parts after them."""
    seconds = search_seconds + sum(part["seconds"] for part in parts)
    return {
        "workers": num_workers,
        "searches": searches,
        "parts": parts,
        "seconds": seconds,
        "least_seconds": seconds / UNCERTAINTY,
        "most_seconds": seconds * UNCERTAINTY,
    }


def print_campaign_plan(console: Console, plan: dict[str, Any]) -> None:
    """Print the plan of a campaign."""
    (evolution,) = plan["searches"]["groups"]
    rows = [("search", evolution["runs"], evolution["trainings"], evolution["seconds"])]
    title = "what each part will come to, about, without a closer look at selected programs"
    print_parts(console, title, rows, plan)


def print_parts(
    console: Console,
    title: str,
    searches: Sequence[tuple[str, int, float, float]],
    plan: dict[str, Any],
) -> None:
    """Print the searches and the parts of a plan.

    Args:
        console: to print on.
        title: of the table.
        searches: name, number of runs, trainings of each, and seconds of all.
        plan: of an experiment.
    """
    rows = [*searches, *(tuple(part.values()) for part in plan["parts"])]
    shown = [
        (name, str(times), f"{trainings:,.0f}", duration(seconds))
        for name, times, trainings, seconds in rows
    ]
    heads = ("", "times", "trainings", "all together")
    console.print(to_rich(Table(title, heads, shown)))
    workers = f"{plan['workers']} workers" if plan["workers"] else "in this process"
    print_counts(
        console,
        {
            "where": workers,
            "in all": f"about {duration(plan['seconds'])}, likely between "
            f"{duration(plan['least_seconds'])} and {duration(plan['most_seconds'])}",
        },
    )
