"""The scorer of candidates, and the pool of workers that a run scores them in."""

import functools
from collections.abc import Collection, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager

from lionhunt.dsl import library
from lionhunt.dsl.analysis.identities import reachable
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.judging.config import KNOWN
from lionhunt.search.driver.judging.user_functions import check_user_functions
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.evaluator import Evaluator
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.evaluation.step_sizes import Multiples, travel
from lionhunt.search.fields import TaskOptions
from lionhunt.search.workers.cluster.ray_cluster import LOCAL
from lionhunt.search.workers.open_pool import open_pool_of
from lionhunt.search.workers.pool import Pool, measure_once


def make_scorer(
    options: Sequence[TaskOptions],
    seed: int,
    functions: Collection[str],
    batch_size: int = 1,
    num_extra: int = 0,
) -> Evaluator:
    """Build the scorer of candidates; a pool calls this in each worker.

    Args:
        options: options of the tasks.
        seed: seed of candidates whose job has none.
        functions: functions that candidates may have.
        batch_size: candidates that train side by side.
        num_extra: number of the last tasks that only jobs which name them train on.
    """
    return Evaluator([task.build() for task in options], seed, functions, batch_size, num_extra)


def candidate_functions(config: RunConfig, *programs: Program) -> frozenset[str]:
    """Return the functions that canonical forms may have, of these programs and all children.

    Known optimizers that a run trains count too.
    """
    if config.evaluation.gain == "spread":
        programs += tuple(map(library.load, KNOWN))
    initial = {statement.op for program in programs for statement in program.statements}
    return reachable(initial.union(config.mutation.to_space().functions))


def open_pool(
    options: Sequence[TaskOptions],
    seed: int,
    functions: Collection[str],
    *,
    num_workers: int,
    candidate_seconds: float,
    batch_size: int = 1,
    num_extra: int = 0,
    memory_gib: float | None = None,
    ray_address: str = LOCAL,
) -> AbstractContextManager[Pool]:
    """Open a pool that scores candidates; see `make_scorer` and `open_pool_of`."""
    return open_pool_of(
        functools.partial(make_scorer, options, seed, functions, batch_size, num_extra),
        num_workers=num_workers,
        candidate_seconds=candidate_seconds,
        batch_size=batch_size,
        memory_gib=memory_gib,
        ray_address=ray_address,
    )


def measure_reference(pool: Pool, job: Job, config: RunConfig) -> Measurement:
    """Measure the program of fitness 0; in a run with step sizes, at its best ones.

    Args:
        pool: started pool without other jobs.
        job: of the program.
        config: of the run.
    """
    if not config.evaluation.step_sizes:
        return measure_once(pool, job)

    def measure(multiples: tuple[Multiples, ...]) -> Measurement:
        return measure_once(pool, job._replace(multiples=multiples))

    return travel(measure, config.evaluation.step_sizes, len(config.tasks))


@contextmanager
def start_pool(
    config: RunConfig,
    initial: Program,
    num_workers: int,
    reference: Program | None = None,
    ray_address: str = LOCAL,
) -> Iterator[tuple[Pool, Measurement]]:
    """Open and start the pool that scores the candidates of a run.

    Args:
        config: configuration of the run.
        initial: program that evolution begins with.
        num_workers: processes that score; 0 scores in this process.
        reference: program of fitness 0; None for the initial one.
        ray_address: address of the workers, in place of the config's.

    Yields:
        The pool, and its measurement of the reference.

    Raises:
        ConfigError: the reference does not train on the tasks, or the initial program is not in
            the space.
        SourceError: a function of the user cannot be loaded.
    """
    config.space.check(initial)
    config.objectives.check(initial)
    check_user_functions(config)
    reference = initial if reference is None else reference
    opened = open_pool(
        (*config.tasks, *config.validation.tasks),
        config.seed,
        candidate_functions(config, initial, reference),
        num_workers=num_workers,
        candidate_seconds=config.evaluation.candidate_seconds,
        batch_size=config.evaluation.batch_size,
        num_extra=len(config.validation.tasks),
        memory_gib=config.evaluation.worker_memory_gib,
        ray_address=ray_address,
    )
    with opened as pool:
        job = Job("reference", assemble(reference))
        measured = pool.start(job)
        if config.evaluation.step_sizes:
            measured = measure_reference(pool, job, config)
        if measured.status is not Status.OK:
            raise ConfigError(
                f"the initial program does not train on the tasks ({measured.status.value}); "
                "choose others"
            )
        yield pool, measured
