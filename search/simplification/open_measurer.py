"""Opening of a measurer: its workers, and a learning rate with which the program learns."""

from collections.abc import Iterator
from contextlib import contextmanager

from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.op_table import OPS
from lionhunt.dsl.program import Program
from lionhunt.dsl.text.parser import parse
from lionhunt.search.activity import Activity, OnActivity, ignore
from lionhunt.search.driver.scoring import open_pool
from lionhunt.search.driver.setup import summarize_tasks
from lionhunt.search.evaluation.job import Job
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.measure import BaseFailed, MeasuredTask, Measurer
from lionhunt.search.simplification.store import REFERENCE, SimplificationStore

_STILL = parse("def still(w, g, lr): return 0.0")
"""The optimizer that never changes the weights."""
LEARNING_RATES = (0.1, 0.01, 0.001, 0.0001)
"""Learning rates for a program that does not learn with 1."""


@contextmanager
def open_measurer(
    program: Program,
    config: SimplifyConfig,
    num_workers: int,
    on_activity: OnActivity = ignore,
    records: SimplificationStore | None = None,
) -> Iterator[Measurer]:
    """Open a measurer of changes of a program, with its workers.

    Args:
        program: the unchanged program.
        config: tasks, seeds, tolerance.
        num_workers: Ray workers; 0 trains in this process.
        on_activity: called with the trainings of each look.
        records: keeps the trainings; None to keep them in memory alone.

    Raises:
        BaseFailed: the program does not learn.
        RecordError: this machine trains otherwise than the one of the records.
    """
    tasks = summarize_tasks([options.build() for options in config.tasks])
    on_activity(Activity("starting: every worker compiles the tasks once"))
    opened = open_pool(
        config.tasks,
        config.first_seed,
        OPS.keys(),
        num_workers=num_workers,
        candidate_seconds=config.candidate_seconds,
        ray_address=config.ray_address,
    )
    with opened as pool:
        reference = pool.start(Job(REFERENCE, assemble(_STILL)))
        measurer = Measurer(
            pool,
            [MeasuredTask(t["name"], t["metric"], t["higher_is_better"]) for t in tasks],
            tolerance=config.tolerance,
            num_seeds=config.num_seeds,
            first_seed=config.first_seed,
            on_activity=on_activity,
            records=records,
        )
        measurer.check_machine(reference)
        measurer.announce("choosing a learning rate")
        measurer.learning_rate = _choose_learning_rate(measurer, program, config.learning_rate)
        yield measurer


def _choose_learning_rate(measurer: Measurer, program: Program, given: float | None) -> float:
    """Choose a learning rate with which the program learns: the given one, 1, or the best other.

    If a program did not learn, every removal from it would be harmless.
    """
    first = given or 1.0
    if _loss(measurer, program, first) is not None:
        return first
    others = () if given else LEARNING_RATES
    losses = {rate: _loss(measurer, program, rate) for rate in others}
    learning = {rate: loss for rate, loss in losses.items() if loss is not None}
    if not learning:
        tried = ", ".join(f"{rate:g}" for rate in (first, *others))
        raise BaseFailed(
            f"the program does not learn on the tasks with learning rate {tried}, so nothing can "
            "be measured; choose others with --config, or give --exact-only"
        )
    return min(learning, key=learning.__getitem__)


def _loss(measurer: Measurer, program: Program, learning_rate: float) -> float | None:
    """Return the worst loss against no optimizer, below 0; None if the program does not learn.

    A program learns if it is better on every task, by the interval of a first look.
    """
    measurer.learning_rate = learning_rate
    (look,) = measurer.screen(_STILL, [program])
    gains = [task for task in look.tasks if task.loss is not None and task.loss.high < 0]
    return look.worst_loss if len(gains) == len(measurer.tasks) else None
