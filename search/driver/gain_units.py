"""Units of the gains on several tasks, by how far known optimizers differ on each.

A relative gain lets the task decide on which scores differ most. In a prototype, 36 % less loss on
digits outweighed everything on language. In these units a gain counts as much as it is hard to get.
"""

import statistics
from collections.abc import Sequence

from lionhunt.dsl import library
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Program
from lionhunt.search.driver.config import RunConfig
from lionhunt.search.driver.judging.config import KNOWN
from lionhunt.search.driver.reference import measure_later
from lionhunt.search.driver.scoring import measure_reference
from lionhunt.search.evaluation.fitness import task_fitness
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.pool import Pool


def known_programs() -> dict[str, Program]:
    """Return the known optimizers by fingerprint."""
    return {fingerprint(program): program for program in map(library.load, KNOWN)}


def measure_known(
    records: RunStore, pool: Pool, config: RunConfig
) -> dict[EvaluationId, Measurement]:
    """Return the measurements of known optimizers at their best step sizes, recorded or new.

    In a run with races they are trained on all seeds of a race. Nothing selected them, so they tell
    what each seed adds to all gains.

    Args:
        records: store of the run; nothing is written.
        pool: started pool without other jobs.
        config: of the run; it has step sizes.
    """
    bytecodes = {}
    measured = {}
    for owner, program in known_programs().items():
        name = EvaluationId(owner)
        bytecodes[name.owner] = assemble(program)
        job = Job(str(name), bytecodes[name.owner])
        measured[name] = records.measurement(name) or measure_reference(pool, job, config)
    num_seeds = config.racing.max_seeds if config.racing.num_best else 1
    return measured | measure_later(measured, bytecodes, records, pool, config.seed, num_seeds)


def gain_units(
    reference: Measurement, known: Sequence[Measurement], directions: Sequence[bool]
) -> tuple[float, ...]:
    """Return the standard deviation of the relative gains of optimizers on each task.

    The reference counts too, with a gain of 0. An optimizer that failed does not count.

    Args:
        reference: the program of fitness 0.
        known: the known optimizers.
        directions: for each task, whether higher scores are better.

    Returns:
        1 for a task on which all are equal.
    """
    scored = [measurement.scores for measurement in (reference, *known) if measurement.scores]
    by_task = zip(reference.scores, directions, zip(*scored, strict=True), strict=True)
    return tuple(
        statistics.pstdev(task_fitness(score, zero, direction) for score in scores) or 1.0
        for zero, direction, scores in by_task
    )
