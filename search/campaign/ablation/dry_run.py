"""Estimate of the duration of an ablation before it starts."""

from typing import Any

from rich.console import Console

from lionhunt.search.campaign.ablation.config import AblationConfig
from lionhunt.search.campaign.dry_run import PlannedPart, estimate_parts, print_parts, to_plan
from lionhunt.search.comparison.protocol import num_trainings
from lionhunt.search.paper.replication.dry_run import plan_study


def plan_ablation(config: AblationConfig, num_workers: int) -> dict[str, Any]:
    """Rehearse a search of each variant and a training on each task; return the plan.

    Nothing is written. Times assume that this machine stays as busy as it is now.

    Args:
        config: of the ablation.
        num_workers: 0 trains in this process.

    Raises:
        ConfigError: a program is invalid, or no candidate could end in its time.
        DataError: the data of a task is missing.
    """
    plans = [plan_study(config.to_study(variant), num_workers) for variant in config.variants]
    searches = [
        {"variant": variant.name} | plan
        for variant, plan in zip(config.variants, plans, strict=True)
    ]
    compare = config.to_comparison({})
    num_optimizers = len(compare.optimizers) + len(list(config.found_names()))
    part = PlannedPart("comparison", 1, num_optimizers * num_trainings(compare), compare.tasks)
    parts = estimate_parts(config.run, [part], num_workers)
    seconds = sum(plan["seconds"] for plan in plans)
    return to_plan(num_workers, seconds, searches, parts)


def print_ablation_plan(console: Console, plan: dict[str, Any]) -> None:
    """Print the plan of an ablation."""
    rows = [
        (variant["variant"], group["runs"], group["trainings"], variant["seconds"])
        for variant in plan["searches"]
        for group in variant["groups"]
    ]
    print_parts(console, "what each part will come to, at most, about", rows, plan)
