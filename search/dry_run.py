"""Dry run: an estimate of a run's duration, from the first seconds of the same search.

It starts the workers and searches for a moment, in a temporary folder that it removes.
"""

import math
import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from rich.console import Console
from rich.table import Table

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.proxy_tasks import NUM_CHUNKS
from lionhunt.proxy_tasks.pytorch.task import require_jax
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.scoring import start_pool
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import summarize_setup
from lionhunt.search.driver.validation.config import ValidationConfig
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.evaluator import task_key
from lionhunt.search.evaluation.job import Job
from lionhunt.search.fields import TaskOptions
from lionhunt.search.reporting.text import duration, print_counts
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.cluster.ray_cluster import LOCAL
from lionhunt.search.workers.pool import Pool, measure_once

SECONDS = 6.0
"""Wall clock of the search, once its workers are ready."""
MAX_STEPS = 200
"""Longer trainings are cut to as many steps, and their seconds scaled up."""
GROWTH = {"evolution": 0.75, "constants": 1.0, "random": 1.0}
"""Exponents by method: the number of different programs grows as this power of the children.
A quickstart has 0.82 from 400 to 1,800 children, and 0.70 from 3,600 to 10,000."""
NUM_GRIDS = 2
"""Grids of step sizes in a validation, about: the second is around the best of the first."""
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
        validation_seconds: seconds of the reference on each validation task, at its step sizes.
    """

    starting_seconds: float
    searching_seconds: float
    driver_seconds: float
    task_seconds: list[float]
    num_children: int
    num_evaluations: int
    trainings: float
    validation_seconds: Sequence[float] = ()


def plan_run(config: RunConfig, initial: Program, num_workers: int) -> dict[str, Any]:
    """Estimate what a run takes on this machine, as busy as it is now.

    Args:
        config: configuration of the run.
        initial: program that evolution begins with.
        num_workers: processes that score; 0 scores in this process.

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
    num_programs = config.evolution.population_size + num_children
    num_validations = math.ceil(num_programs / config.validation.every)
    # The tasks of a validation train side by side, as far as there are workers.
    validating_seconds = (1 + num_validations) * max(
        [sum(rehearsal.validation_seconds) / max(1, num_started), *rehearsal.validation_seconds]
    )
    seconds = rehearsal.starting_seconds + searching_seconds + validating_seconds
    return {
        "workers": num_workers,
        "cores": num_cores,
        "tasks": _list_tasks(config.tasks, config.seed, 0, rehearsal.task_seconds),
        "validation_tasks": _list_tasks(
            config.validation.tasks,
            config.seed,
            len(config.tasks),
            rehearsal.validation_seconds,
        ),
        "validations": num_validations if config.validation.tasks else 0,
        "training_saved": 1 - rehearsal.trainings / (len(config.evaluation.step_sizes) or 1),
        "programs": num_programs,
        "rehearsed": rehearsal.num_children,
        "evaluations": 1 + round(num_evaluations),
        "trainings": 1 + rehearsal.trainings * num_evaluations,
        "evaluation_seconds": rehearsal.trainings * sum(rehearsal.task_seconds),
        "starting_seconds": rehearsal.starting_seconds,
        "searching_seconds": searching_seconds,
        "validating_seconds": validating_seconds,
        "seconds": seconds,
        "least_seconds": seconds / UNCERTAINTY,
        "most_seconds": seconds * UNCERTAINTY,
    }


def _list_tasks(
    tasks: Sequence[TaskOptions], seed: int, first: int, seconds: Sequence[float]
) -> list[dict[str, Any]]:
    """Return the name, the steps and the seconds of each task."""
    all_steps = _count_steps(tasks, seed, first)
    return [
        {"name": task.name, "steps": num_steps, "seconds": task_seconds}
        for task, num_steps, task_seconds in zip(tasks, all_steps, seconds, strict=True)
    ]


def _count_steps(tasks: Sequence[TaskOptions], seed: int, first: int) -> list[int]:
    """Return the training steps of each task in a run; the first of them has number `first`."""
    return [
        int(require_jax(task.build(), "a task with horizons").at(task_key(seed, number)).num_steps)
        if task.horizons
        else task.scaled_steps
        for number, task in enumerate(tasks, start=first)
    ]


def _cut(task: TaskOptions, num_steps: int) -> tuple[TaskOptions, float]:
    """Return a task with at most `MAX_STEPS` of its steps, and their share."""
    cut = min(MAX_STEPS, num_steps)
    return task.cut_to(cut), cut / num_steps


def _rehearse(config: RunConfig, initial: Program, num_workers: int) -> Rehearsal:
    """Search for a moment, and measure."""
    all_tasks = (*config.tasks, *config.validation.tasks)
    all_steps = _count_steps(all_tasks, config.seed, 0)
    all_short, cuts = zip(*map(_cut, all_tasks, all_steps), strict=True)
    tasks = all_short[: len(config.tasks)]
    validation = config.validation.model_copy(update={"tasks": all_short[len(tasks) :]})
    short = config.model_copy(update={"tasks": tasks, "validation": validation})
    searched_config = short.model_copy(update={"validation": ValidationConfig()})
    started = time.perf_counter()
    setup = summarize_setup(searched_config, initial)
    with tempfile.TemporaryDirectory() as tmp, RunStore.create(Path(tmp) / "run", setup) as records:
        reference = records.reference()
        address = config.evaluation.ray_address
        with start_pool(short, initial, num_workers, reference, address) as (pool, first):
            # Each call returns when one more worker is ready.
            for _ in range(num_workers - 1):
                pool.wait(600.0)
            ready = time.perf_counter()
            # By now the tasks are compiled.
            short_seconds = [
                measure_once(pool, Job(f"task {index}", assemble(reference), task=index)).seconds
                for index in range(len(tasks))
            ]
            whole_seconds = [s / cut for s, cut in zip(short_seconds, cuts, strict=False)]
            _check_limit("an evaluation", sum(whole_seconds), config)
            validation_seconds = [
                _measure_validation(pool, num_workers, reference, index, config) / cuts[index]
                for index in range(len(tasks), len(all_tasks))
            ]
            for seconds in validation_seconds:
                _check_limit("a validation", seconds / NUM_GRIDS, config)
            began, driver_began = time.perf_counter(), time.process_time()
            search = Search(searched_config, initial, records, pool, first)
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
        scale = sum(whole_seconds) / sum(short_seconds)
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
            validation_seconds=validation_seconds,
        )


def _measure_validation(
    pool: Pool, num_workers: int, reference: Program, task: int, config: RunConfig
) -> float:
    """Return the seconds of validating the reference on a task, without compiling."""
    step_sizes = config.evaluation.step_sizes
    multiples = (step_sizes,) if step_sizes else ()
    job = Job("validation", assemble(reference), task=task, multiples=multiples)
    # Each worker compiles the task once, so one of the trainings is without that.
    all_seconds = [measure_once(pool, job).seconds for _ in range(max(1, num_workers) + 1)]
    return min(all_seconds) * (NUM_GRIDS if step_sizes else 1)


def _check_limit(noun: str, seconds: float, config: RunConfig) -> None:
    """Raise `ConfigError` if a training takes longer than candidates have."""
    limit = config.evaluation.candidate_seconds
    if seconds > limit:
        raise ConfigError(
            f"{noun} takes about {duration(seconds)}, but candidates have "
            f"{duration(limit)}; set evaluation.candidate_seconds to "
            f"{math.ceil(3 * seconds)} or more, or make the tasks smaller"
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
    for task in (*plan["tasks"], *plan["validation_tasks"]):
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
        **_validation_counts(plan),
        "in all": f"about {duration(plan['seconds'])}, likely between {least} and {most}",
    }
    print_counts(console, counts)


def _validation_counts(plan: dict[str, Any]) -> dict[str, str]:
    """Return the lines about validation; none without it."""
    if not plan["validations"]:
        return {}
    return {
        "validating": f"at most {duration(plan['validating_seconds'])}, "
        f"{plan['validations']:,} times and once the reference"
    }
