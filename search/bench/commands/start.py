"""The start of a search: until all workers have scored the reference, cold and warm."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from typing import Any

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.language import machine_name
from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.driver.scoring import candidate_functions, open_pool
from lionhunt.search.driver.setup import load_initial
from lionhunt.search.evaluation.job import Job

NUM_WARM = 3
"""Starts with compiled code; the median counts."""

_PROBE = (
    "import sys, time; began = time.perf_counter(); "
    "from lionhunt.search.bench.commands.start import probe; probe(began, *sys.argv[1:])"
)


def bench_start(config: RunConfig, num_workers: int, on_activity: OnActivity) -> dict[str, Any]:
    """Measure the seconds by the clock until workers are ready, each time in a new process.

    The first start is cold: it has a folder of compiled code that is empty. The others are warm.

    Args:
        config: of a run.
        num_workers: processes that score.
        on_activity: called before each start.

    Returns:
        A plain dictionary. For the cold start and the warm ones: seconds until the driver has
        imported what it needs, until the first worker has scored, and until all have.
    """
    starts = []
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1 + NUM_WARM):
            text = "a warm start" if number else "a cold start"
            on_activity(Activity(text, number, 1 + NUM_WARM, "starts"))
            starts.append(_start(config, num_workers, folder))
    cold, *warm = starts
    return {
        "machine": machine_name(),
        "num_workers": num_workers,
        "tasks": [task.name for task in config.tasks],
        "cold": cold,
        "warm": {key: statistics.median(each[key] for each in warm) for key in cold},
    }


def _start(config: RunConfig, num_workers: int, cache_folder: str) -> dict[str, float]:
    """Start workers in a new process that keeps compiled code in a folder."""
    words = [config.model_dump_json(), str(num_workers)]
    done = subprocess.run(
        [sys.executable, "-c", _PROBE, *words],
        env=os.environ | {"XDG_CACHE_HOME": cache_folder},
        capture_output=True,
        text=True,
        check=True,
    )
    return json.loads(done.stdout)


def probe(began: float, config_text: str, num_workers: str) -> None:
    """Start workers and print seconds since `began`, as JSON; for a process of its own."""
    config = parse_run_config(json.loads(config_text), "bench")
    initial = load_initial(config.initial)
    functions = candidate_functions(config, initial)
    imported = time.perf_counter() - began
    opened = open_pool(
        config.tasks,
        config.seed,
        functions,
        num_workers=int(num_workers),
        candidate_seconds=config.evaluation.candidate_seconds,
    )
    with opened as pool:
        pool.start(Job("reference", assemble(initial)))
        first = time.perf_counter() - began
        # Each call returns when one more worker is ready, or at once if all are.
        for _ in range(1, int(num_workers)):
            pool.wait(600.0)
        print(
            json.dumps({"imported": imported, "first": first, "all": time.perf_counter() - began})
        )
