"""Cost of the proxy tasks at every scale."""

import dataclasses
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

import jax

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.proxy_tasks import FAMILIES, Task
from lionhunt.proxy_tasks.data.dataset import DataError
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job

PROBE_STEPS = 20
"""Steps of a first, short training, which tells how many to measure."""
MAX_SECONDS = 10.0
"""Longer trainings are measured in fewer steps."""
NUM_ROUNDS = 5
ROUNDS_SECONDS = 3.0
"""Rounds end after it, but not before the first."""


def bench_tasks(families: Sequence[str], scales: Sequence[float]) -> Iterator[dict[str, Any]]:
    """Train AdamW by the machine, on every family at every scale.

    Seconds are processor time on a CPU, where training has one thread, else wall clock.

    Args:
        families: names of families.
        scales: values of the dial of cost.

    Yields:
        A row for each task. Without the data of a family, the row has the reason alone.

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
    all_steps = int(task.num_steps)
    num_steps = min(all_steps, PROBE_STEPS)
    compile_seconds, seconds = measure_training(task, bytecode, num_steps)
    if num_steps < all_steps:
        affordable = int(num_steps * MAX_SECONDS / seconds)
        num_steps = max(num_steps, min(all_steps, affordable))
        compile_seconds, seconds = measure_training(task, bytecode, num_steps)
    return {
        "parameters": task.num_parameters,
        "steps": all_steps,
        "measured_seconds": seconds * task.num_steps / num_steps,
        "measured_steps": num_steps,
        "compile_seconds": compile_seconds,
    }


def measure_training(task: Task, bytecode: Bytecode, num_steps: int) -> tuple[float, float]:
    """Return the seconds of compiling, and the median seconds of an evaluation."""
    task = dataclasses.replace(task, num_steps=num_steps)
    evaluator = Evaluator([task], 0, bytecode.functions)
    job = Job(task.name, bytecode)
    # Compiling uses all cores, and an accelerator's work is no processor time.
    start = time.perf_counter()
    evaluator.evaluate([job])
    compile_seconds = time.perf_counter() - start
    clock = time.process_time if jax.default_backend() == "cpu" else time.perf_counter
    seconds, first = [], time.perf_counter()
    while not seconds or (
        len(seconds) < NUM_ROUNDS and time.perf_counter() - first < ROUNDS_SECONDS
    ):
        start = clock()
        evaluator.evaluate([job])
        seconds.append(clock() - start)
    return compile_seconds, statistics.median(seconds)
