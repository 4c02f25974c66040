"""What a run will take, told before anything starts."""

import math
import os
import time
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.scoring import candidate_functions
from lionhunt.search.dry_run.cost_model import TaskCost, clock, measure_task, row_functions
from lionhunt.search.dry_run.estimate import UNCERTAINTY, estimate, saved_share
from lionhunt.search.dry_run.rehearsal import MAX_CHILDREN, rehearse
from lionhunt.search.errors import ConfigError
from lionhunt.search.reporting.text import duration, print_counts


class Measured(NamedTuple):
    """What the tasks of a run cost here.

    Attributes:
        costs: of each.
        busy: how much longer all takes than by the processor's time alone; at least 1.
    """

    costs: list[TaskCost]
    busy: float


def measure_tasks(config: RunConfig, initial: Program) -> Measured:
    """Trains on the tasks for a moment; raises `DataError` if the data of one is not there."""
    now = clock()
    functions = candidate_functions(config, initial)
    bytecode = assemble(initial)
    wall, spent = time.perf_counter(), now()
    costs = [measure_task(task.build(), bytecode, functions) for task in config.tasks]
    return Measured(costs, max(1.0, (time.perf_counter() - wall) / max(now() - spent, 1e-9)))


def plan_run(
    config: RunConfig, initial: Program, num_workers: int, measured: Measured | None = None
) -> dict[str, Any]:
    """Rehearses the evolution, and puts it together with what the tasks cost.

    Nothing is written. Times are of this machine as busy as it is now.

    Args:
        config: of the run.
        initial: the program it begins with.
        num_workers: 0 for scoring in the driver.
        measured: what `measure_tasks` gives; None to measure now.

    Raises:
        ConfigError: no candidate could end in its time.
        DataError: the data of a task is not there.
    """
    costs, busy = measured or measure_tasks(config, initial)
    functions = row_functions(assemble(initial))
    evolution = config.evolution
    num_children = config.num_programs - evolution.population_size
    rehearsal = rehearse(
        initial,
        min(num_children, MAX_CHILDREN),
        seed=config.seed,
        population_size=evolution.population_size,
        tournament_size=evolution.tournament_size,
        lag=evolution.lag,
        space=config.mutation.to_space(),
        method=evolution.method,
        reevaluation=config.evaluation.to_reevaluation(),
    )
    num_cores = os.cpu_count() or 1
    found = estimate(
        costs,
        rehearsal,
        num_children=num_children,
        num_workers=num_workers,
        num_cores=num_cores,
        lag=evolution.lag,
        slack=config.hurdles.slack,
        max_trainings=math.inf if config.max_trainings is None else config.max_trainings,
    ).stretched(busy)
    _check_time(found.evaluation_seconds, config.evaluation.candidate_seconds)
    return {
        "workers": num_workers,
        "cores": num_cores,
        "busy": busy,
        "tasks": [
            {
                "name": cost.name,
                "parameters": cost.num_parameters,
                "steps": cost.num_steps,
                "seconds": busy * cost.seconds(functions),
            }
            for cost in costs
        ],
        "training_saved": saved_share(config.hurdles.slack),
        "programs": evolution.population_size + found.num_children,
        "rehearsed": len(rehearsal.programs),
        "evaluations": found.num_evaluations,
        "trainings": found.num_trainings,
        "evaluation_seconds": found.mean_seconds,
        "starting_seconds": found.starting_seconds,
        "searching_seconds": found.searching_seconds,
        "seconds": found.seconds,
        "least_seconds": found.seconds / UNCERTAINTY,
        "most_seconds": found.seconds * UNCERTAINTY,
    }


def _check_time(seconds: float, limit: float) -> None:
    if seconds > limit:
        raise ConfigError(
            f"an evaluation takes about {duration(seconds)}, and candidates are given up after "
            f"{duration(limit)}: set evaluation.candidate_seconds to {math.ceil(3 * seconds)} or "
            "more, or make the tasks smaller"
        )


def print_plan(console: Console, plan: dict[str, Any]) -> None:
    """Prints what `plan_run` found."""
    tasks = Table("task", "parameters", "steps", "an evaluation", box=None, padding=(0, 2, 0, 0))
    for task in plan["tasks"]:
        cells = (f"{task['parameters']:,}", f"{task['steps']:,}", duration(task["seconds"]))
        tasks.add_row(task["name"], *cells)
    console.print(tasks)
    workers, cores = plan["workers"], plan["cores"]
    print_counts(
        console,
        {
            "programs": plan["programs"],
            "evaluated": f"about {plan['evaluations']:,}, "
            f"{duration(plan['evaluation_seconds'])} each on average",
            "hurdles": f"save about {plan['training_saved']:.0%} of training"
            if plan["training_saved"]
            else "none",
            "where": (f"{workers} workers" if workers else "in this process")
            + f" on {cores} cores"
            + (f", busy: all takes {plan['busy']:.1f} times longer" if plan["busy"] > 1.1 else ""),
            "starting": duration(plan["starting_seconds"]),
            "searching": duration(plan["searching_seconds"]),
            "in all": f"about {duration(plan['seconds'])}, likely between "
            f"{duration(plan['least_seconds'])} and {duration(plan['most_seconds'])}",
        },
    )
