"""Measurements of the reference, the program of fitness 0 that all others are compared with.

It is the initial program, unless the config of the run names another.
"""

from collections.abc import Callable
from typing import Any

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.environment import refuse_difference
from lionhunt.search.errors import ConfigError
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Status, first_difference
from lionhunt.search.evaluation.reevaluation import evaluation_seed
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.pool import Pool


def check_same_machine(
    recorded: Measurement | None,
    measured: Measurement,
    *,
    subject: str,
    noun: str,
    recorded_setup: dict[str, Any],
    current_setup: Callable[[], dict[str, Any]],
    instead: str = "start a new one",
) -> None:
    """Raise `RecordError` if a training differs from the recorded one, in any bit.

    Args:
        recorded: measurement in the store; None where there is nothing to compare with.
        measured: measurement of the same training on this machine.
        subject: trained program, in words.
        noun: kind of the store, in words.
        recorded_setup: setup or environment in the store; the error names what differs.
        current_setup: builds the same for this machine; called only for the error.
        instead: advice, beside continuing on the other machine.
    """
    if recorded is None or (difference := first_difference(recorded, measured)) is None:
        return
    setups = (recorded_setup, current_setup())
    raise refuse_difference(subject, noun, difference, setups, instead)


def measure_references(
    first: Measurement,
    *,
    records: RunStore,
    pool: Pool,
    seed: int,
    num_evaluations: int,
    current_setup: Callable[[], dict[str, Any]],
) -> dict[EvaluationId, Measurement]:
    """Return the measurement of the reference in each evaluation, recorded or new.

    Args:
        first: the pool's measurement of the reference in the first evaluation.
        records: store of the run, which names the reference; nothing is written.
        pool: started pool without other jobs.
        seed: seed of the run.
        num_evaluations: largest number of evaluations of a program.
        current_setup: builds the setup of the run on this machine, for the error.

    Raises:
        RecordError: the first evaluation differs from the recorded one.
        ConfigError: the reference does not train in a later evaluation.
    """
    reference = records.reference()
    name = EvaluationId(fingerprint(reference))
    recorded = records.measurement(name)
    check_same_machine(
        recorded,
        first,
        subject="the initial program",
        noun="run",
        recorded_setup=records.info(),
        current_setup=current_setup,
        instead=f"run it anew here with 'lionhunt resume {records.path.parent} --rescore'",
    )
    references = {name: recorded or first}
    for number in range(2, num_evaluations + 1):
        later = name._replace(number=number)
        measurement = records.measurement(later)
        if measurement is None:
            pool.submit(Job(str(later), assemble(reference), evaluation_seed(seed, number)))
            while not (measured := pool.wait(1.0)):
                pass
            ((_, measurement),) = measured
        if measurement.status is not Status.OK:
            raise ConfigError(
                f"the initial program does not train with the seed of evaluation {number} "
                f"({measurement.status_text}); choose another seed of the run"
            )
        references[later] = measurement
    return references
