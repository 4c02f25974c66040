"""What the proxy tasks cost at every scale, as modelled and as measured."""

import dataclasses
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.proxy_tasks import FAMILIES, Task
from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.search.dry_run.cost_model import PROBE, TaskCost, clock, measure_task, row_functions
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.reporting.text import duration

MAX_SECONDS = 10.0
"""Trainings that take longer are measured in fewer steps."""
NUM_ROUNDS = 5
ROUNDS_SECONDS = 3.0
"""Rounds end after it; the first is always ended."""


def bench_tasks(families: Sequence[str], scales: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Trains AdamW by the machine, on one core, on every family at every scale.

    Seconds are processor time on a CPU. What is modelled is what a dry run says from a few steps;
    what is measured is whole evaluations.

    Args:
        families: names of families.
        scales: of the dial that makes tasks larger.

    Yields:
        A row for each, with the reason alone where the data of a family is not there.

    Raises:
        ConfigError: a scale is out of range.
    """
    bytecode = assemble(library.load("adamw_initial"))
    for family in families:
        for scale in scales:
            row = {"task": family, "scale": scale}
            try:
                task = FAMILIES[family](scale=scale).build()
            except DataError as error:
                yield row | {"skipped": str(error)}
            except ValueError as error:
                raise ConfigError(f"{family}: {error}") from None
            else:
                yield row | _bench(task, bytecode)


def _bench(task: Task, bytecode: Bytecode) -> dict[str, Any]:
    cost = measure_task(task, bytecode, bytecode.functions | set(PROBE))
    modelled = cost.seconds(row_functions(bytecode))
    num_steps = task.num_steps
    if modelled > MAX_SECONDS:
        num_steps = max(1, round(num_steps * MAX_SECONDS / modelled))
    measured = _measure(dataclasses.replace(task, num_steps=num_steps), bytecode)
    if num_steps < task.num_steps:
        rest = (measured - cost.start_seconds) * task.num_steps / num_steps
        measured = cost.start_seconds + rest
    return {
        "parameters": cost.num_parameters,
        "steps": task.num_steps,
        "modelled_seconds": modelled,
        "measured_seconds": measured,
        "measured_steps": num_steps,
        "ratio": modelled / measured,
        "statements_share": _statements_share(cost, bytecode),
        "compile_seconds": cost.compile_seconds,
    }


def _statements_share(cost: TaskCost, bytecode: Bytecode) -> float:
    """The share of an evaluation that its statements take, as modelled."""
    whole = cost.seconds(row_functions(bytecode))
    return 1 - cost.seconds(()) / whole


def _measure(task: Task, bytecode: Bytecode) -> float:
    """Seconds of an evaluation: the median of a few, after one that compiles."""
    evaluator = Evaluator([task], 0, bytecode.functions)
    now = clock()

    def seconds() -> float:
        start = now()
        evaluator.evaluate([Job(task.name, bytecode)])
        return now() - start

    seconds()
    return statistics.median(_rounds(seconds))


def _rounds(measure: Callable[[], float]) -> list[float]:
    first, found = time.perf_counter(), [measure()]
    while len(found) < NUM_ROUNDS and time.perf_counter() - first < ROUNDS_SECONDS:
        found.append(measure())
    return found


def print_bench_tasks(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Prints a line for every task at every scale."""
    heads = ("parameters", "steps", "modelled", "measured", "ratio", "statements", "compiling")
    table = Table("task", "scale", *heads, box=box.SIMPLE)
    for row in rows:
        name, scale = row["task"], f"{row['scale']:g}x"
        if "skipped" in row:
            table.add_row(name, scale, row["skipped"])
            continue
        is_whole = row["measured_steps"] == row["steps"]
        table.add_row(
            name,
            scale,
            f"{row['parameters']:,}",
            f"{row['steps']:,}",
            duration(row["modelled_seconds"]),
            duration(row["measured_seconds"])
            + ("" if is_whole else f" (from {row['measured_steps']:,} steps)"),
            f"{row['ratio']:.2f}",
            f"{row['statements_share']:.0%}",
            duration(row["compile_seconds"]),
        )
    console.print(table)
