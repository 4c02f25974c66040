"""What workers take: the memory of one over many evaluations, and how much faster two are."""

import multiprocessing
import os
import statistics
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.scorer import MakeScorer
from lionhunt.search.workers.pool import Pool
from lionhunt.search.workers.ray_pool import RayPool

STATM = Path("/proc/self/statm")


def measure_memory(
    make_scorer: MakeScorer, bytecodes: Sequence[Bytecode], num_evaluations: int, every: int
) -> dict[str, Any]:
    """Resident memory of a worker's process, which is new and ends after that.

    Args:
        make_scorer: called in the process.
        bytecodes: evaluated one after the other, and again from the first.
        num_evaluations: in all.
        every: how many between two looks at the memory.

    Returns:
        MiB after the first of each size of bytecode, which compiles it, and then after every so
        many evaluations; the growth between the first and the last of these. None of them where
        the system does not tell (it is read from /proc).
    """
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as process:
        probe = process.submit(_watch_memory, make_scorer, bytecodes, num_evaluations, every)
        compiled, *mib = probe.result()
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
    for code in {code.size: code for code in bytecodes}.values():
        scorer.evaluate([Job("", code)])
    mib = [_resident_mib()]
    for number in range(num_evaluations):
        scorer.evaluate([Job("", bytecodes[number % len(bytecodes)])])
        if (number + 1) % every == 0:
            mib.append(_resident_mib())
    return mib


def _resident_mib() -> float:
    if not STATM.exists():
        return 0.0
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 2**20


def two_against_one(
    make_scorer: MakeScorer,
    reference: Bytecode,
    bytecodes: Sequence[Bytecode],
    num_rounds: int,
) -> dict[str, Any]:
    """Candidates a second, by wall clock, of two workers of which one or both are kept busy.

    In each round one scores all candidates, then both do, and in the next round the other way
    round; the ratio is of one round, so that what else the machine does counts for both. The
    figure is of two cores that nothing else needs.
    """
    with closing(RayPool(make_scorer, 2, candidate_seconds=300.0)) as pool:
        pool.start(Job("reference", reference))
        pool.wait(600.0)  # returns when the other is warm, too
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
    """Seconds until all are scored, with so many in flight."""
    start = time.perf_counter()
    num_sent = num_done = 0
    while num_done < len(bytecodes):
        while num_sent < len(bytecodes) and num_sent - num_done < num_busy:
            pool.submit(Job(str(num_sent), bytecodes[num_sent]))
            num_sent += 1
        num_done += len(pool.wait(60.0))
    return time.perf_counter() - start
