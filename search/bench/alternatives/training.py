"""Trainings of candidates: by the machine, compiled each, and in PyTorch in two ways."""

import functools
import math
import statistics
from collections.abc import Callable
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.dsl.execution.disassembly import disassemble
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.alternatives.packages import is_installed
from lionhunt.search.bench.machine import SEED, against_compiling
from lionhunt.search.bench.sample_children import Children
from lionhunt.search.bench.timing import time_interleaved
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job

TASK = DigitsMLP()
KNOWN = ("adamw", "lion")
NUM_CHILDREN = 8
NUM_COMPILED = 4
"""Candidates that are compiled each by itself, as a sample: each takes seconds."""
NUM_ROUNDS = 2
MACHINE = "Lionhunt: the machine, compiled once"
COMPILED = "JAX: compiled each with jax.jit"
EXPORTED = "PyTorch: a loop with the exported class"
INTERPRETED = "PyTorch: interpreted by statement, as in NOSBench"


def bench_training(children: Children, on_activity: OnActivity) -> dict[str, Any]:
    """Measure evaluations of AdamW, Lion and children, of the same steps, in each way.

    Every way trains the program without redundant statements. A candidate that diverges in some
    way is left out, since it would end there early.

    Args:
        children: children of a search.
        on_activity: called with each measurement.

    Returns:
        Numbers of candidates and steps, seconds of compiling the machine, and for each way the
        mean milliseconds of an evaluation and its ratio to the machine. A ratio is the median over
        candidates and paired rounds; that of compiling is of the sample's sums.
    """
    programs = [*map(library.load, KNOWN), *children.programs]
    codes = [assemble(program) for program in programs]
    functions = children.functions.union(*(code.functions for code in codes))
    evaluator = Evaluator([TASK.build()], SEED, functions)
    wanted = len(KNOWN) + NUM_CHILDREN
    chosen: list[Bytecode] = []
    seconds: dict[str, list[float]] = {}
    # The first training of each shape compiles, and the first in PyTorch imports.
    for run in _ways(evaluator, codes[0]).values():
        run()
    for code in codes:
        if not math.isfinite(_score(evaluator, code)):
            continue
        text = "training: by the machine and in PyTorch"
        on_activity(Activity(text, len(chosen), wanted, "candidates"))
        if times := _time(_ways(evaluator, code)):
            chosen.append(code)
            for name, of_candidate in times.items():
                seconds.setdefault(name, []).extend(of_candidate)
        if len(chosen) == wanted:
            break
    on_activity(Activity("training: compiled each"))
    sample = Children(children.source, functions, children.initial, tuple(map(disassemble, chosen)))
    compiling = against_compiling(TASK.build(), sample, NUM_COMPILED)
    of_machine = seconds[MACHINE]
    ways = {
        MACHINE: _summarize(of_machine, of_machine),
        COMPILED: {
            "milliseconds": 1e3 * compiling["compiling_each_seconds"] / compiling["children"],
            "ratio": compiling["speedup_once_compiled"],
        },
    }
    ways |= {name: _summarize(times, of_machine) for name, times in seconds.items()}
    return {
        "task": TASK.kind,
        "steps": TASK.num_steps,
        "candidates": len(chosen),
        "compiled": compiling["compiled"],
        "compiling_seconds": compiling["compiling_seconds"],
        "ways": ways,
    }


def _score(evaluator: Evaluator, code: Bytecode) -> float:
    """Return the score of a candidate by the machine, or NaN."""
    scores = evaluator.evaluate([Job("", code)])[0].scores
    return scores[0] if scores else math.nan


def _ways(evaluator: Evaluator, code: Bytecode) -> dict[str, Callable[[], float]]:
    """Return the trainings of a candidate that need no compiling; each returns the score."""
    return {MACHINE: functools.partial(_score, evaluator, code)} | _in_torch(code)


def _time(ways: dict[str, Callable[[], float]]) -> dict[str, list[float]]:
    """Return the seconds of each training in every round; nothing if one diverged."""
    scores = []
    runs = {name: (lambda run=run: scores.append(run())) for name, run in ways.items()}
    seconds = time_interleaved(runs, num_rounds=NUM_ROUNDS)
    return seconds if all(map(math.isfinite, scores)) else {}


def _in_torch(code: Bytecode) -> dict[str, Callable[[], float]]:
    """Return the trainings in PyTorch, each with one thread; none without PyTorch."""
    if not is_installed("torch"):
        return {}
    from lionhunt.proxy_tasks.pytorch.task import torch_task_class
    from lionhunt.proxy_tasks.pytorch.training import TorchTraining
    from lionhunt.proxy_tasks.task import NUM_CHUNKS
    from lionhunt.search.bench.alternatives.statement_interpreter import InterpretedOptimizer
    from lionhunt.search.bench.torch_task import digits
    from lionhunt.search.evaluation.torch_trainer import optimizer_class

    task = torch_task_class(digits)(num_steps=TASK.num_steps).build()
    program = disassemble(code)

    def train(make_optimizer: Callable[..., Any]) -> float:
        training = TorchTraining(task, make_optimizer, SEED)
        training.advance([math.inf] * NUM_CHUNKS, NUM_CHUNKS)
        return float(training.conclude().score)

    exported = functools.partial(optimizer_class(program), lr=1.0)
    interpreted = functools.partial(InterpretedOptimizer, program=program)
    return {
        EXPORTED: functools.partial(train, exported),
        INTERPRETED: functools.partial(train, interpreted),
    }


def _summarize(seconds: list[float], of_machine: list[float]) -> dict[str, float]:
    pairs = zip(seconds, of_machine, strict=True)
    return {
        "milliseconds": 1e3 * statistics.fmean(seconds),
        "ratio": statistics.median(own / other for own, other in pairs),
    }
