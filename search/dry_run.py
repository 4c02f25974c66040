"""Dry run: an estimate of a run's duration, from the first seconds of the same search.

It starts the workers and searches for a moment, in a temporary folder that it removes.
"""

import dataclasses
import math
import os
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.scoring import start_pool
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import summarize_setup
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.job import Job
from lionhunt.search.reporting.text import duration, print_counts
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.pool import measure_once
from lionhunt.search.workers.ray_cluster import LOCAL

SECONDS = 6.0
"""Wall clock of the search, once its workers are ready."""
MAX_STEPS = 200
"""Longer trainings are cut to as many steps, and their seconds scaled up."""
GROWTH = {"evolution": 0.75, "constants": 1.0, "random": 1.0}
"""Exponents by method: the number of different programs grows as this power of the children.
A quickstart has 0.82 from 400 to 1,800 children, and 0.70 from 3,600 to 10,000."""
UNCERTAINTY = 1.3
"""Factor by which a run may be shorter or longer than its estimate."""


class Rehearsal(NamedTuple):
    """Measurements of the first seconds of a run, scaled to trainings with all steps.

    Attributes:
        starting_seconds: wall clock of starting and stopping all workers.
        searching_seconds: wall clock of the search.
        driver_seconds: processor time of the driver in the search; 0 without workers.
        task_seconds: seconds of the reference on each task.
        num_children: children that the search recorded.
        num_evaluations: evaluations of these.
        trainings: mean share of a whole training that an evaluation ran.
    """

    starting_seconds: float
    searching_seconds: float
    driver_seconds: float
    task_seconds: list[float]
    num_children: int
    num_evaluations: int
    trainings: float


def plan_run(config: RunConfig, initial: Program, num_workers: int) -> dict[str, Any]:
    """Estimate what a run takes on this machine, as busy as it is now.

    Args:
        config: configuration of the run.
        initial: program that evolution begins with.
        num_workers: Ray workers; 0 scores in this process.

    Returns:
        A plain dictionary, for `print_plan` and `--json`.

    Raises:
        ConfigError: no candidate could train in its time.
        DataError: the data of a task is missing.
    """
    num_cores = os.cpu_count() or 1
    # On one machine, more workers than cores take turns.
    is_local = config.evaluation.ray_address == LOCAL
    num_started = min(num_workers, num_cores) if is_local else num_workers
    rehearsal = _rehearse(config, initial, num_started)
    num_children, num_evaluations, searching_seconds = _extrapolate(config, rehearsal, num_started)
    seconds = rehearsal.starting_seconds + searching_seconds
    return {
        "workers": num_workers,
        "cores": num_cores,
        "tasks": [
            {"name": task.kind, "steps": task.scaled_steps, "seconds": task_seconds}
            for task, task_seconds in zip(config.tasks, rehearsal.task_seconds, strict=True)
        ],
        "training_saved": 1 - rehearsal.trainings / (len(config.evaluation.step_sizes) or 1),
        "programs": config.evolution.population_size + num_children,
        "rehearsed": rehearsal.num_children,
        "evaluations": 1 + round(num_evaluations),
        "trainings": 1 + rehearsal.trainings * num_evaluations,
        "evaluation_seconds": rehearsal.trainings * sum(rehearsal.task_seconds),
        "starting_seconds": rehearsal.starting_seconds,
        "searching_seconds": searching_seconds,
        "seconds": seconds,
        "least_seconds": seconds / UNCERTAINTY,
        "most_seconds": seconds * UNCERTAINTY,
    }


def _rehearse(config: RunConfig, initial: Program, num_workers: int) -> Rehearsal:
    """Search for a moment, and measure."""
    cuts = [min(1.0, MAX_STEPS / task.scaled_steps) for task in config.tasks]
    tasks = [
        dataclasses.replace(task, num_steps=max(1, round(task.num_steps * cut)))
        for task, cut in zip(config.tasks, cuts, strict=True)
    ]
    short = config.model_copy(update={"tasks": tuple(tasks)})
    started = time.perf_counter()
    setup = summarize_setup(short, initial)
    with tempfile.TemporaryDirectory() as tmp, RunStore.create(Path(tmp) / "run", setup) as records:
        reference = records.reference()
        address = config.evaluation.ray_address
        with start_pool(short, initial, num_workers, reference, address) as (pool, first):
            # Each call returns when one more worker is ready.
            for _ in range(num_workers - 1):
                pool.wait(600.0)
            ready = time.perf_counter()
            # By now the tasks are compiled.
            short_seconds = []
            for index in range(len(tasks)):
                job = Job(f"task {index}", assemble(reference), task=index)
                short_seconds.append(measure_once(pool, job).seconds)
            whole_seconds = [s / cut for s, cut in zip(short_seconds, cuts, strict=True)]
            seconds, limit = sum(whole_seconds), config.evaluation.candidate_seconds
            if seconds > limit:
                raise ConfigError(
                    f"an evaluation takes about {duration(seconds)}, but candidates have "
                    f"{duration(limit)}; set evaluation.candidate_seconds to "
                    f"{math.ceil(3 * seconds)} or more, or make the tasks smaller"
                )
            began, driver_began = time.perf_counter(), time.process_time()
            search = Search(short, initial, records, pool, first)
            with closing(search.run()) as events:
                for progress in events:
                    if progress.seconds > SECONDS:
                        break
            searched, driver_searched = time.perf_counter(), time.process_time()
        stopped, progress = time.perf_counter(), search.progress
        num_evaluations = max(0, progress.num_evaluated + progress.num_race_trainings - 1)
        # The reference is one whole training.
        later = records.num_chunks() / (NUM_CHUNKS * len(tasks)) - 1
        trainings = later / num_evaluations if num_evaluations else 1.0
        scale = seconds / sum(short_seconds)
        # Races begin with further trainings of the reference.
        referring = searched - began - progress.seconds
        return Rehearsal(
            starting_seconds=ready - started + stopped - searched + referring * scale,
            searching_seconds=progress.seconds * scale,
            driver_seconds=driver_searched - driver_began if num_workers else 0.0,
            task_seconds=whole_seconds,
            num_children=progress.num_children,
            num_evaluations=num_evaluations,
            trainings=trainings,
        )


def _extrapolate(
    config: RunConfig, rehearsal: Rehearsal, num_workers: int
) -> tuple[int, float, float]:
    """Return the children, the evaluations and the seconds of the whole search."""
    num_children = config.num_programs - config.evolution.population_size
    growth = GROWTH[config.evolution.method] if rehearsal.num_evaluations else 1.0
    children, evaluations = max(1, rehearsal.num_children), max(1, rehearsal.num_evaluations)
    total = evaluations * (num_children / children) ** growth
    if config.max_trainings is not None:
        limit = max(0.0, config.max_trainings - 1) / rehearsal.trainings
        if limit < total:
            num_children, total = round(children * (limit / evaluations) ** (1 / growth)), limit
    rate = rehearsal.num_evaluations / rehearsal.searching_seconds
    if not rate:
        rate = max(1, num_workers) / sum(rehearsal.task_seconds)
    # Either the workers or the driver limit the pace.
    seconds = max(total / rate, num_children * rehearsal.driver_seconds / children)
    return num_children, total, seconds


def print_plan(console: Console, plan: dict[str, Any]) -> None:
    """Print the result of `plan_run`."""
    tasks = Table("task", "steps", "an evaluation", box=None, padding=(0, 2, 0, 0))
    for task in plan["tasks"]:
        tasks.add_row(task["name"], f"{task['steps']:,}", duration(task["seconds"]))
    console.print(tasks)
    workers = f"{plan['workers']} workers" if plan["workers"] else "in this process"
    least, most = duration(plan["least_seconds"]), duration(plan["most_seconds"])
    counts = {
        "programs": plan["programs"],
        "evaluated": f"about {plan['evaluations']:,}, "
        f"{duration(plan['evaluation_seconds'])} each on average",
        "early stopping": f"saves about {plan['training_saved']:.0%} of training",
        "where": f"{workers} on {plan['cores']} cores",
        "starting": duration(plan["starting_seconds"]),
        "searching": duration(plan["searching_seconds"]),
        "in all": f"about {duration(plan['seconds'])}, likely between {least} and {most}",
    }
    print_counts(console, counts)
