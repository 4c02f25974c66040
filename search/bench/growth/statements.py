"""Growth with the statements of a program: a child, and a training step by the machine."""

import itertools
import random
import statistics
import time
from collections.abc import Iterator, Sequence
from typing import Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.edits.statements import insert
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.dsl.program import Const, Program, Statement, Var
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.bench.growth.axis import GrowthAxis, GrowthCurve
from lionhunt.search.bench.language import Breeder, grow_program, rate
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Status

INITIAL = "adamw_initial"
NUM_PROGRAMS = 20
NUM_CHILDREN = 300
NUM_TRAINED = 3
"""Grown programs that train; each step is the median of them."""
NUM_STEPS = 200
NUM_ROUNDS = 5
KEPT = 0.999
"""Share of the update that each further needed statement keeps; the rest is momentum."""


def measure_statements(sizes: Sequence[int]) -> Iterator[dict[str, Any]]:
    """Yield a row for each number of statements."""
    grown = {
        size: [grow_program(size, random.Random(seed)) for seed in range(NUM_PROGRAMS)]
        for size in sizes
    }
    codes = {size: list(map(assemble, programs)) for size, programs in grown.items()}
    needed = {size: assemble(lengthen(library.load(INITIAL), size)) for size in sizes}
    everything = itertools.chain(needed.values(), *codes.values())
    # One scorer for all compiles each size of bytecode once.
    functions = frozenset().union(*(code.functions for code in everything))
    evaluator = Evaluator([DigitsMLP(num_steps=NUM_STEPS).build()], 0, functions)
    for size in sizes:
        row = {
            "statements": size,
            "child_ms": 1e3 / rate(Breeder(grown[size]), range(NUM_CHILDREN)),
            "needed": statistics.fmean(sum(find_live(program)[0]) for program in grown[size]),
            "needed_ms": 1e3 * time_step(evaluator, needed[size]),
        }
        # Grown programs may diverge, which ends their training early.
        trained = (code for code in codes[size] if _trains(evaluator, code))
        seconds = [time_step(evaluator, code) for code in itertools.islice(trained, NUM_TRAINED)]
        if seconds:
            row["grown_ms"] = 1e3 * statistics.median(seconds)
        yield row


def time_step(evaluator: Evaluator, code: Bytecode) -> float:
    """Return the processor time of a training step, in seconds: the median of several trainings."""
    # The first training compiles.
    _trains(evaluator, code)
    seconds = []
    for _ in range(NUM_ROUNDS):
        start = time.process_time()
        _trains(evaluator, code)
        seconds.append(time.process_time() - start)
    return statistics.median(seconds) / NUM_STEPS


def _trains(evaluator: Evaluator, code: Bytecode) -> bool:
    """Train a program; return False if its loss became infinite or NaN."""
    return evaluator.evaluate([Job("", code)])[0].status is Status.OK


def lengthen(program: Program, num_statements: int) -> Program:
    """Add needed statements, each of which mixes a little of a state into the update.

    Args:
        program: it has a state, and its update is a variable.
        num_statements: of the result, if the program has no more.
    """
    update, state = program.outputs[:2]
    assert isinstance(update, Var) and isinstance(state, Var)
    statement = Statement(update.name, "interp", (update, state, Const(KEPT)))
    while (count := len(program.statements)) < num_statements:
        program = insert(program, count, statement)
    return program


AXIS = GrowthAxis(
    "statements",
    "A child is bred, checked, fingerprinted and looked up, from programs that mutations grew from "
    "AdamW: nearly all their further statements are redundant, as in a search. The training step "
    "is that of the default MLP on digits, by the machine: of the grown programs, and of AdamW "
    "with further statements that are all needed. Processor time on one core.",
    (
        GrowthCurve("child_ms", "child", "ms"),
        GrowthCurve("grown_ms", "training step, grown programs", "ms"),
        GrowthCurve("needed_ms", "training step, all statements needed", "ms"),
    ),
    (10, 18, 32, 56, 100, 178, 300),
    (),
    measure_statements,
)
