"""Cost of workers: memory of one over many evaluations, and speed of two against one."""

import statistics
import time
from collections.abc import Sequence
from contextlib import closing
from typing import Any

from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.search.bench.new_process import resident_mib, run_apart
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.scorer import MakeScorer
from lionhunt.search.workers.pool import Pool
from lionhunt.search.workers.process_host import ProcessHost
from lionhunt.search.workers.worker_pool import WorkerPool


def measure_memory(
    make_scorer: MakeScorer, bytecodes: Sequence[Bytecode], num_evaluations: int, every: int
) -> dict[str, Any]:
    """Measure the resident memory of a worker, in a new process.

    Args:
        make_scorer: builds the scorer in that process.
        bytecodes: evaluated in rotation.
        num_evaluations: number of evaluations.
        every: evaluations between two measurements.

    Returns:
        MiB after compiling each size of bytecode, MiB after every `every` evaluations, and the
        growth between the first and the last of these. They are None where /proc is missing.
    """
    compiled, *mib = run_apart(_watch_memory, make_scorer, bytecodes, num_evaluations, every)
    if not compiled:
        return {"evaluations": num_evaluations, "mib": None, "growth": None}
    return {
        "evaluations": num_evaluations,
        "mib_compiled": compiled,
        "mib": mib,
        "growth": mib[-1] / mib[0] - 1,
    }


def _watch_memory(
    make_scorer: MakeScorer, bytecodes: Sequence[Bytecode], num_evaluations: int, every: int
) -> list[float]:
    scorer = make_scorer()
    for code in {code.shape: code for code in bytecodes}.values():
        scorer.evaluate([Job("", code)])
    mib = [resident_mib()]
    for number in range(num_evaluations):
        scorer.evaluate([Job("", bytecodes[number % len(bytecodes)])])
        if (number + 1) % every == 0:
            mib.append(resident_mib())
    return mib


def two_against_one(
    make_scorer: MakeScorer,
    reference: Bytecode,
    bytecodes: Sequence[Bytecode],
    num_rounds: int,
) -> dict[str, Any]:
    """Measure the candidates a second, by wall clock, with one or both of two workers busy.

    In each round one worker scores all candidates, then both do; the next round reverses the order.
    Ratios are within one round, so background load affects both. Measure on two idle cores.
    """
    with closing(WorkerPool(ProcessHost(make_scorer), 2, candidate_seconds=300.0)) as pool:
        pool.start(Job("reference", reference))
        # This returns when the second worker is ready.
        pool.wait(600.0)
        seconds = {1: [], 2: []}
        for number in range(num_rounds):
            for busy in (1, 2) if number % 2 == 0 else (2, 1):
                seconds[busy].append(score_all(pool, bytecodes, busy))
    speedups = [one / two for one, two in zip(seconds[1], seconds[2], strict=True)]
    return {
        "candidates_per_second": {
            str(busy): len(bytecodes) / statistics.median(s) for busy, s in seconds.items()
        },
        "speedups": speedups,
        "speedup": statistics.median(speedups),
    }


def score_all(pool: Pool, bytecodes: Sequence[Bytecode], num_busy: int) -> float:
    """Return the seconds until all are scored, with `num_busy` in flight."""
    start = time.perf_counter()
    num_sent = num_done = 0
    while num_done < len(bytecodes):
        while num_sent < len(bytecodes) and num_sent - num_done < num_busy:
            pool.submit(Job(str(num_sent), bytecodes[num_sent]))
            num_sent += 1
        num_done += len(pool.wait(60.0))
    return time.perf_counter() - start
