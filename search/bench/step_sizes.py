"""Cost of step sizes: a candidate that trains at several, against one training."""

import statistics
from typing import Any

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.proxy_tasks import DigitsMLP, StdlibLM
from lionhunt.search.activity import Activity, OnActivity
from lionhunt.search.bench.language import machine_name
from lionhunt.search.bench.sample_children import Children
from lionhunt.search.bench.timing import time_interleaved
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job

STEP_SIZES = (2.0**-7, 2.0**-4, 0.5, 1.0, 2.0, 2.0**4, 2.0**7)
"""Step sizes of the bundled configs."""

TASKS = {
    "digits_mlp": DigitsMLP(),
    "stdlib_lm of the quickstart": StdlibLM(
        num_steps=200, batch_size=8, width=16, num_layers=1, length=8
    ),
    "stdlib_lm": StdlibLM(),
}
NUM_ROUNDS = 5
NUM_CHILDREN = 20


def bench_step_sizes(children: Children, on_activity: OnActivity) -> dict[str, Any]:
    """Measure the time of candidates at all step sizes over that of one training.

    There are no hurdles. A multiple stops early only where its loss is not finite.

    Args:
        children: children of a search; the first ones count.
        on_activity: called with each measurement.

    Returns:
        A plain dictionary. For each task: the ratio of the initial program, and of the children
        all together; medians over rounds.
    """
    tasks = {}
    for number, (name, options) in enumerate(TASKS.items()):
        on_activity(Activity(f"{name}: step sizes", number, len(TASKS), "tasks"))
        evaluator = Evaluator([options.build()], 0, children.functions)
        programs = children.programs[:NUM_CHILDREN]
        tasks[name] = {
            "initial": _ratio(evaluator, [Job("", assemble(children.initial))]),
            "children": _ratio(evaluator, [Job("", assemble(program)) for program in programs]),
        }
    return {
        "machine": machine_name(),
        "step_sizes": list(STEP_SIZES),
        "num_children": len(children.programs[:NUM_CHILDREN]),
        "tasks": tasks,
    }


def _ratio(evaluator: Evaluator, jobs: list[Job]) -> float:
    """Return the time of jobs at all step sizes over that at one, the median of paired rounds."""
    raced = [job._replace(multiples=(STEP_SIZES,)) for job in jobs]
    # The first evaluation compiles.
    evaluator.evaluate([*jobs, *raced])
    seconds = time_interleaved(
        {"one": lambda: evaluator.evaluate(jobs), "all": lambda: evaluator.evaluate(raced)},
        num_rounds=NUM_ROUNDS,
    )
    pairs = zip(seconds["all"], seconds["one"], strict=True)
    return statistics.median(several / one for several, one in pairs)
