"""Speed of the machine, against hand-written optimizers and against compiling each candidate.

Times are the processor time of this process, whose arithmetic has one thread. This excludes other
processes, and makes each figure that of one core.
"""

import dataclasses
import functools
import itertools
import statistics
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import jax

from lionhunt.dsl import library
from lionhunt.dsl.analysis.work import measure_work
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.execution.compilation import as_optimizer
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program
from lionhunt.proxy_tasks import DigitsMLP, DigitsViT, StdlibLM, Task, train
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.language import machine_name
from lionhunt.search.bench.optax_references import OPTIMIZERS, Make, Optimizer, gradient_alone
from lionhunt.search.bench.sample_children import Children
from lionhunt.search.bench.timing import time_interleaved
from lionhunt.search.bench.workers import measure_memory, two_against_one
from lionhunt.search.driver.scoring import make_scorer
from lionhunt.search.evaluation.early_stopping import set_hurdles
from lionhunt.search.evaluation.evaluator import Evaluator, task_key
from lionhunt.search.evaluation.job import Job

SEED = 0
TASKS = (DigitsMLP(), DigitsViT(), StdlibLM())
NUM_ROUNDS = 7
ROUND_SECONDS = 2.0
"""Least time of all rounds together; short ones are repeated."""
NUM_COMPILED = 5
"""Children that are compiled each by itself, as a sample: each takes seconds."""

DEAR = frozenset(op.name for op in OPS.values() if op.products)
"""Functions whose work for each number grows with the size of the matrices."""

SLACK = 0.75
"""Slack of the hurdles, as in configs/quickstart.toml."""
QUICK = DigitsMLP(num_steps=20)
NUM_EVALUATIONS = 1000
"""Evaluations of one worker, on a task that takes no time."""
NUM_BY_WORKERS = 60
NUM_WORKER_ROUNDS = 3

Run = Callable[[], float]
"""A whole evaluation, which returns the score, or NaN."""


def bench_machine(children: Children, on_activity: OnActivity) -> dict[str, Any]:
    """Measure the cost of an evaluation, a child and a worker; return a plain dictionary.

    The ratios of a task are those of the optimizer with the largest; `optimizers` has all.

    Args:
        children: children of a search.
        on_activity: called with each measurement.
    """
    optimizers, unused, compiling = {}, {}, {}
    numbers = itertools.count()

    def start(text: str) -> None:
        total = 3 * len(TASKS) + 2
        on_activity(Activity(text, next(numbers), total, "measurements"))

    for options in TASKS:
        task = options.build()
        start(f"{task.name}: {len(OPTIMIZERS)} optimizers by the machine and by hand")
        optimizers[task.name] = compare(task, OPTIMIZERS, children.functions)
        start(f"{task.name}: the machine with functions that nothing uses")
        unused[task.name] = compare_functions(task, children.initial, children.functions)
        start(f"{task.name}: {len(children.programs)} children by the machine, and compiled each")
        compiling[task.name] = against_compiling(task, children, NUM_COMPILED)
    codes = [assemble(program) for program in children.programs]
    make = functools.partial(make_scorer, [QUICK], SEED, children.functions)
    start(f"the memory of a worker over {NUM_EVALUATIONS:,} evaluations")
    # AdamW has another size of bytecode.
    adamw = assemble(library.load("adamw"))
    memory = measure_memory(make, [adamw, *codes], NUM_EVALUATIONS, NUM_EVALUATIONS // 10)
    start("two workers against one")
    make = functools.partial(make_scorer, [StdlibLM()], SEED, children.functions)
    reference = assemble(children.initial)
    two_workers = two_against_one(make, reference, codes[:NUM_BY_WORKERS], NUM_WORKER_ROUNDS)
    return {
        "machine": machine_name(),
        "ratio_to_optax": {
            name: _worst(figures, "to_optax") for name, figures in optimizers.items()
        },
        "ratio_to_gradient": {
            name: _worst(figures, "to_gradient") for name, figures in optimizers.items()
        },
        "speedup_over_compiling": {name: times["speedup"] for name, times in compiling.items()},
        "unused_functions": unused,
        "optimizers": optimizers,
        "source_of_children": children.source,
        "children": compiling,
        "memory": memory,
        "two_workers": two_workers,
    }


def _worst(figures: Mapping[str, Mapping[str, Any]], key: str) -> float:
    """Return the largest value of a figure over optimizers."""
    return max(figure[key] for figure in figures.values())


def compare(
    task: Task, optimizers: Mapping[str, Optimizer], functions: Collection[str]
) -> dict[str, dict[str, Any]]:
    """Compare the machine, hand-written optimizers, and forward and backward passes alone.

    The three alternate, each first equally often. Ratios are of whole evaluations in one round.

    Args:
        task: task to train on.
        optimizers: optimizers by name.
        functions: functions that the machine supports, beside those of the optimizers.

    Returns:
        For each optimizer: milliseconds of the three, the ratios, the scores of the first two, and
        the multiply-adds per parameter as `dsl.analysis.work` counts them.
    """
    codes = {name: assemble(optimizer.program) for name, optimizer in optimizers.items()}
    evaluator = Evaluator(
        [task], SEED, set(functions).union(*(c.functions for c in codes.values()))
    )
    floor = _compiled(task, gradient_alone)
    params = jax.eval_shape(task.init, task.data, jax.random.key(0))
    shapes = [leaf.shape for leaf in jax.tree.leaves(params)]
    figures = {}
    for name, optimizer in optimizers.items():
        job = Job(name, codes[name])
        runs = {
            "machine": functools.partial(_evaluate, evaluator, job),
            "optax": _compiled(task, optimizer.make),
            "gradient": floor,
        }
        # The first call compiles.
        scores = {key: run() for key, run in runs.items()}
        seconds = time_interleaved(runs, num_rounds=NUM_ROUNDS, total_seconds=ROUND_SECONDS)
        figures[name] = {
            "milliseconds": {key: 1e3 * statistics.median(s) for key, s in seconds.items()},
            "to_optax": _ratio(seconds["machine"], seconds["optax"]),
            "to_gradient": _ratio(seconds["machine"], seconds["gradient"]),
            "optax_to_gradient": _ratio(seconds["optax"], seconds["gradient"]),
            "scores": [scores["machine"], scores["optax"]],
            "multiply_adds": measure_work(optimizer.program).multiply_adds(shapes),
        }
    return figures


def compare_functions(task: Task, program: Program, functions: Collection[str]) -> dict[str, Any]:
    """Compare the machine with more functions than a program applies, and without.

    Args:
        task: task to train on.
        program: an optimizer.
        functions: functions of both; one machine has `DEAR` too.

    Returns:
        Milliseconds of an evaluation without and with `DEAR`, and their ratio.
    """
    job = Job("", assemble(program))
    functions = set(functions) - DEAR
    runs = {
        "without": functools.partial(_evaluate, Evaluator([task], SEED, functions), job),
        "with": functools.partial(_evaluate, Evaluator([task], SEED, functions | DEAR), job),
    }
    # The first call compiles.
    for run in runs.values():
        run()
    seconds = time_interleaved(runs, num_rounds=NUM_ROUNDS, total_seconds=ROUND_SECONDS)
    return {
        "functions": sorted(DEAR),
        "milliseconds": {key: 1e3 * statistics.median(s) for key, s in seconds.items()},
        "ratio": _ratio(seconds["with"], seconds["without"]),
    }


def against_compiling(task: Task, children: Children, num_compiled: int) -> dict[str, Any]:
    """Compare children by the machine with compiling the training of each by itself.

    Args:
        task: task to train on.
        children: candidates.
        num_compiled: number of children to compile each by itself, spread evenly over all.

    Returns:
        Seconds of all children: compiling the machine, running it with and without hurdles, and
        compiling and running each, extrapolated from `num_compiled`. Speedups of the machine over
        the last: with its compiling, with hurdles, and without compiling on the same children.
    """
    evaluator = Evaluator([task], SEED, children.functions)
    codes = [assemble(program) for program in children.programs]
    compiling = sum(
        _seconds(lambda code=code: _evaluate(evaluator, Job("", code)))
        for code in {code.shape: code for code in codes}.values()
    )
    initial = evaluator.evaluate([Job("", assemble(children.initial))])[0]
    hurdles = set_hurdles(initial.curves, (), SLACK, None) if initial.scores else None
    chosen = {len(codes) * number // num_compiled for number in range(num_compiled)}
    running, stopping, compiled, same = [], [], [], []
    for index, code in enumerate(codes):
        running.append(_seconds(lambda code=code: _evaluate(evaluator, Job("", code))))
        job = Job("", code, hurdles=hurdles)
        stopping.append(_seconds(lambda job=job: _evaluate(evaluator, job)))
        if index in chosen:
            make = functools.partial(as_optimizer, children.programs[index])
            compiled.append(_seconds(_compiled(task, make)))
            same.append(running[-1])
    each = len(codes) * statistics.fmean(compiled)
    return {
        "children": len(codes),
        "compiled": len(compiled),
        "compiling_seconds": compiling,
        "running_seconds": sum(running),
        "running_seconds_with_hurdles": sum(stopping),
        "compiling_each_seconds": each,
        "speedup": each / (compiling + sum(running)),
        "speedup_with_hurdles": each / (compiling + sum(stopping)),
        "speedup_once_compiled": sum(compiled) / sum(same),
    }


def _ratio(seconds: Sequence[float], others: Sequence[float]) -> float:
    return statistics.median(a / b for a, b in zip(seconds, others, strict=True))


def _seconds(run: Callable[[], object]) -> float:
    start = time.process_time()
    run()
    return time.process_time() - start


def _evaluate(evaluator: Evaluator, job: Job) -> float:
    scores = evaluator.evaluate([job])[0].scores
    return scores[0] if scores else float("nan")


def _compiled(task: Task, make: Make) -> Run:
    """Return a training with a fixed optimizer, compiled at the first call."""

    @jax.jit
    def run(key, data):
        return train(dataclasses.replace(task, data=data), make(task.schedule), key)

    return lambda: float(run(task_key(SEED, 0), task.data).score)
