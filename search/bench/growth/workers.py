"""Growth with the workers: the driver's load in virtual time, and what real workers cost."""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.bench.growth.axis import GrowthAxis, GrowthCurve
from lionhunt.search.bench.growth.free_scorer import REFERENCE, FreeScorer, MemoryScorer
from lionhunt.search.bench.new_process import resident_mib, run_apart
from lionhunt.search.evaluation.job import Job
from lionhunt.search.simulation.loop import enough_lag, make_config, simulate_load
from lionhunt.search.workers.cluster.ray_host import RayHost
from lionhunt.search.workers.host import Host
from lionhunt.search.workers.pool import Pool
from lionhunt.search.workers.process_host import ProcessHost
from lionhunt.search.workers.worker_pool import WorkerPool

EVALUATION_SECONDS, SPREAD = 1200.0, 0.5
"""Virtual evaluations, as in `lionhunt simulate`."""
NUM_PROGRAMS = 5000
LAGS_A_RUN = 2
"""Shortest simulated run, in lags."""
REAL_WORKERS = (1, 2, 4, 8)
NUM_WARM, NUM_TIMED = 100, 1000
"""Evaluations of real workers, before and while the driver is timed."""
START_SECONDS = 600.0
OPEN_FILES = Path("/proc/self/fd")

_CLUSTER = """
import sys
from ray.cluster_utils import Cluster
cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": int(sys.argv[1])})
print(cluster.address, flush=True)
sys.stdin.read()
cluster.shutdown()
"""


def measure_workers(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of workers: simulated ones, and those of `REAL_WORKERS`."""
    for count in sorted({*sizes, *REAL_WORKERS}):
        row: dict[str, Any] = {"workers": count}
        if count in sizes:
            row |= run_apart(_simulate, count)
        if count in REAL_WORKERS:
            row |= run_apart(measure_processes, count)
            row |= {f"ray_{key}": value for key, value in run_apart(measure_ray, count).items()}
        yield row


def _simulate(num_workers: int) -> dict[str, Any]:
    """Return the part of a row that simulated workers give."""
    lag = enough_lag(num_workers, SPREAD)
    num_programs = max(NUM_PROGRAMS, LAGS_A_RUN * lag)
    load = simulate_load(
        make_config(num_programs, lag, 0), num_workers, EVALUATION_SECONDS, SPREAD, FreeScorer()
    )
    return {
        "lag": lag,
        "programs": num_programs,
        "new_share": load.new_share,
        "program_ms": 1e3 * load.child_seconds,
        "driver_load": load.driver_load,
        "max_workers": load.max_workers,
        "driver_mib": resident_mib(),
    }


def measure_processes(num_workers: int) -> dict[str, Any]:
    """Measure workers that are processes of this machine; see `_measure`."""
    return _measure(num_workers, lambda: ProcessHost(MemoryScorer))


def measure_ray(num_workers: int) -> dict[str, Any]:
    """Measure workers on a Ray cluster of this machine alone; see `_measure`."""
    command = [sys.executable, "-c", _CLUSTER, str(num_workers)]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as cluster:
        assert cluster.stdout is not None
        address = cluster.stdout.readline().strip()
        try:
            return _measure(num_workers, lambda: RayHost(MemoryScorer, num_workers, address))
        finally:
            # It ends as its input does.
            cluster.communicate()


def _measure(num_workers: int, make_host: Callable[[], Host]) -> dict[str, Any]:
    """Return the part of a row that real workers give, with a scorer that takes no time.

    Start-up is wall clock, all else of the driver processor time. Where /proc is missing, memory
    and open files are missing.
    """
    code = assemble(library.load("adamw_initial"))
    start = time.perf_counter()
    pool = WorkerPool(make_host(), num_workers, candidate_seconds=START_SECONDS)
    with closing(pool):
        pool.start(Job(REFERENCE, code))
        # Each call returns with one worker more, or at once if all are ready.
        for _ in range(1, num_workers):
            pool.wait(START_SECONDS)
        start_seconds = time.perf_counter() - start
        jobs = [Job(str(number), code) for number in range(NUM_WARM + NUM_TIMED)]
        score_with(pool, jobs[:NUM_WARM], num_workers)
        began, wall = time.process_time(), time.perf_counter()
        scores = score_with(pool, jobs[NUM_WARM:], num_workers)
        seconds, wall = time.process_time() - began, time.perf_counter() - wall
        row: dict[str, Any] = {
            "start_seconds": start_seconds,
            "evaluation_ms": 1e3 * seconds / NUM_TIMED,
            "evaluations_per_second": NUM_TIMED / wall,
        }
        if OPEN_FILES.exists():
            row["open_files"] = len(os.listdir(OPEN_FILES))
            row["worker_mib"] = statistics.median(scores)
        return row


def score_with(pool: Pool, jobs: Sequence[Job], num_busy: int) -> list[float]:
    """Return the scores of all jobs, of which two for each worker are in the pool at a time."""
    scores: list[float] = []
    num_sent = 0
    while len(scores) < len(jobs):
        while num_sent < len(jobs) and num_sent - len(scores) < 2 * num_busy:
            pool.submit(jobs[num_sent])
            num_sent += 1
        scores += [measurement.scores[0] for _, measurement in pool.wait(START_SECONDS)]
    return scores


AXIS = GrowthAxis(
    "workers",
    "Simulated workers train for 20 virtual minutes +- 50 %; the driver and its records are real, "
    "and its processor time for a program is measured. Real workers have a scorer that takes no "
    "time: processes of this machine, and Ray actors on a cluster of this machine alone. Start-up "
    "is wall clock until all are ready, without that of the cluster. An evaluation is the "
    "processor time of the driver, with Ray's threads in it. Most workers: as "
    "many as one driver keeps busy with evaluations of 20 minutes, at 1 ms of Ray for each.",
    (
        GrowthCurve("program_ms", "driver, a program, simulated", "ms"),
        GrowthCurve("evaluation_ms", "driver, an evaluation by a process", "ms"),
        GrowthCurve("ray_evaluation_ms", "driver, an evaluation by Ray", "ms"),
        GrowthCurve("driver_mib", "driver, simulated", "MiB"),
        GrowthCurve("worker_mib", "each process", "MiB"),
        GrowthCurve("ray_worker_mib", "each worker of Ray", "MiB"),
        GrowthCurve("start_seconds", "start-up of all processes", "s"),
        GrowthCurve("ray_start_seconds", "start-up of all workers of Ray", "s"),
        GrowthCurve("max_workers", "most workers of one driver", "workers"),
        GrowthCurve("open_files", "open files of the driver", "files"),
    ),
    (1, 10, 100, 1000),
    (10_000,),
    measure_workers,
)
