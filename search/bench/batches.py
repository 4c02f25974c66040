"""Candidates a second in batches on an accelerator, against one core that takes one at a time."""

import math
import random
import time
from collections.abc import Sequence
from typing import Any

import jax

from lionhunt.dsl import library
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.identities import reachable
from lionhunt.dsl.execution.bytecode import SMALL, Bytecode, assemble
from lionhunt.proxy_tasks import NUM_CHUNKS, Task
from lionhunt.search.bench.language import machine_name
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import DRAWN_FUNCTIONS, MutationSpace

INITIAL = "adamw_initial"
TASKS = ("digits_mlp", "digits_vit", "stdlib_lm")
BATCH_SIZES = (1, 16, 64, 256, 1024)

NUM_ONE_BY_ONE = 32
"""Candidates that time one core."""

LEAST = 8
"""Candidates that time the smallest batches."""

STOP_AT_ONCE = ((-math.inf,) * NUM_CHUNKS,)


def bench_batch(
    tasks: Sequence[Task],
    batch_sizes: Sequence[int] = BATCH_SIZES,
    num_one_by_one: int = NUM_ONE_BY_ONE,
) -> dict[str, Any]:
    """Time candidates in batches on the default device, and one by one on one core of the CPU.

    Each batch is full and holds different candidates. A first batch, which stops after one chunk,
    takes the time of compiling; the rates do not count it.

    Args:
        tasks: tasks, each timed by itself.
        batch_sizes: candidates at once on the default device.
        num_one_by_one: candidates on the CPU.
    """
    candidates = draw_candidates(max(*batch_sizes, num_one_by_one, LEAST))
    core = jax.devices("cpu")[0]
    return {
        "machine": machine_name(),
        "device": jax.devices()[0].device_kind,
        "tasks": {
            task.name: {
                "one_core": _time(task, candidates[:num_one_by_one], 1, core),
                "batches": {
                    str(size): _time(task, candidates[: max(size, LEAST)], size, jax.devices()[0])
                    for size in batch_sizes
                },
            }
            for task in tasks
        },
    }


def draw_candidates(count: int) -> list[Bytecode]:
    """Draw different children of AdamW, up to 10 mutations away, as a search would train them."""
    rng = random.Random(0)
    initial = library.load(INITIAL)
    bytecodes: dict[str, Bytecode] = {}
    while len(bytecodes) < count:
        program = initial
        for _ in range(rng.randint(1, 10)):
            program = mutate(program, rng, MutationSpace(DRAWN_FUNCTIONS)).program
        bytecode = assemble(program)
        if bytecode.shape == SMALL:
            bytecodes.setdefault(fingerprint(program), bytecode)
    return list(bytecodes.values())


def _time(
    task: Task, candidates: Sequence[Bytecode], batch_size: int, device: Any
) -> dict[str, Any]:
    """Time one batch size on one device."""
    jobs = [Job(str(i), bytecode) for i, bytecode in enumerate(candidates)]
    initial = library.load(INITIAL).statements
    functions = reachable({*DRAWN_FUNCTIONS, *(statement.op for statement in initial)})
    with jax.default_device(device):
        evaluator = Evaluator([task], 0, functions, batch_size)
        start = time.perf_counter()
        evaluator.evaluate([jobs[0]._replace(hurdles=STOP_AT_ONCE)])
        first_seconds = time.perf_counter() - start
        start = time.perf_counter()
        measurements = evaluator.evaluate(jobs)
        seconds = time.perf_counter() - start
    return {
        "candidates": len(jobs),
        "not_finite": sum(m.status is Status.NOT_FINITE for m in measurements),
        "first_seconds": first_seconds,
        "candidates_per_second": len(jobs) / seconds,
    }
