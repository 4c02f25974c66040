"""Measurements of the reference, the program of fitness 0 that all others are compared with.

It is the initial program, unless the config of the run names another.
"""

from collections.abc import Callable
from typing import Any

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.search.environment import check_same_machine
from lionhunt.search.errors import ConfigError, command_line
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Status
from lionhunt.search.evaluation.seeds import evaluation_seed
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.workers.pool import Pool


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
    anew = command_line("resume", records.path.parent, "--rescore")
    recorded = records.measurement(name)
    check_same_machine(
        recorded,
        first,
        subject="the initial program",
        noun="run",
        recorded_setup=records.info(),
        current_setup=current_setup,
        instead=f"run it anew here with: {anew}",
    )
    references = {name: recorded or first}
    later = [name._replace(number=number) for number in range(2, num_evaluations + 1)]
    multiples = tuple((multiple,) for multiple in references[name].multiples)
    measured = {str(each): records.measurement(each) for each in later}
    for each in later:
        if measured[str(each)] is None:
            seed_of_each = evaluation_seed(seed, each.number)
            pool.submit(Job(str(each), assemble(reference), seed_of_each, multiples=multiples))
    while None in measured.values():
        measured |= pool.wait(0.2)
    for each in later:
        measurement = measured[str(each)]
        assert measurement is not None
        if measurement.status is not Status.OK:
            raise ConfigError(
                f"the initial program does not train with the seed of evaluation {each.number} "
                f"({measurement.status_text}); choose another seed of the run"
            )
        references[each] = measurement
    return references
