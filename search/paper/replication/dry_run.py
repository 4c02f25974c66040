"""Estimate of the duration of a study before it starts."""

from typing import Any

from rich.console import Console

from lionhunt.search.driver.setup import load_initial
from lionhunt.search.dry_run import UNCERTAINTY, plan_run
from lionhunt.search.paper.replication.config import StudyConfig
from lionhunt.search.paper.replication.plan import EVOLUTION, NAMES, RESTART, plan_baselines
from lionhunt.search.reporting.tables import Table, to_rich
from lionhunt.search.reporting.text import duration, print_counts


def plan_study(config: StudyConfig, num_workers: int) -> dict[str, Any]:
    """Rehearse one run of each group and return the plan of the study.

    The restart counts as another evolution. Nothing is written. Times assume that this machine
    stays as busy as it is now.

    Args:
        config: of the study.
        num_workers: 0 scores in this process.

    Raises:
        ConfigError: a program is invalid, or no candidate could end in its time.
        DataError: the data of a task is missing.
    """
    initial = load_initial(config.run.initial)
    evolution = plan_run(config.run, initial, num_workers)
    groups = [_group(EVOLUTION, config.num_repeats, evolution)]
    baselines = list(plan_baselines(config, [evolution["trainings"]] * config.num_repeats))
    for name in dict.fromkeys(planned.group for planned in baselines):
        members = [planned for planned in baselines if planned.group == name]
        plan = plan_run(members[0].config, initial, num_workers)
        groups.append(_group(name, len(members), plan))
    if config.restart:
        groups.append(_group(RESTART, 1, evolution))
    seconds = evolution["starting_seconds"] + sum(group["seconds"] for group in groups)
    return {
        "workers": num_workers,
        "groups": groups,
        "starting_seconds": evolution["starting_seconds"],
        "seconds": seconds,
        "least_seconds": seconds / UNCERTAINTY,
        "most_seconds": seconds * UNCERTAINTY,
    }


def _group(name: str, num_runs: int, plan: dict[str, Any]) -> dict[str, Any]:
    """Return the plan of `num_runs` runs, without the start of workers."""
    seconds = plan["searching_seconds"] + plan["validating_seconds"]
    counts = {key: plan[key] for key in ("programs", "evaluations", "trainings")}
    return {"group": name, "runs": num_runs} | counts | {"seconds": num_runs * seconds}


def print_study_plan(console: Console, plan: dict[str, Any]) -> None:
    """Print the plan of a study."""
    rows = [
        (
            NAMES[group["group"]],
            str(group["runs"]),
            f"{group['programs']:,}",
            f"{group['evaluations']:,}",
            f"{group['trainings']:,.0f}",
            duration(group["seconds"]),
        )
        for group in plan["groups"]
    ]
    heads = ("", "runs", "programs", "evaluated", "trainings", "all together")
    console.print(to_rich(Table("what each run will come to, about", heads, rows)))
    workers = f"{plan['workers']} workers" if plan["workers"] else "in this process"
    print_counts(
        console,
        {
            "where": workers,
            "starting": duration(plan["starting_seconds"]),
            "in all": f"about {duration(plan['seconds'])}, likely between "
            f"{duration(plan['least_seconds'])} and {duration(plan['most_seconds'])}",
        },
    )
