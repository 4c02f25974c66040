"""Measurements of the reference, the program of fitness 0 that all others are compared with.

It is the initial program, unless the config of the run names another.
"""

from collections.abc import Callable, Mapping
from typing import Any

from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
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
    bytecodes = {name.owner: assemble(reference)}
    later = measure_later(references, bytecodes, records, pool, seed, num_evaluations)
    for each, measurement in later.items():
        if measurement.status is not Status.OK:
            raise ConfigError(
                f"the initial program does not train with the seed of evaluation {each.number} "
                f"({measurement.status_text}); choose another seed of the run"
            )
    return references | later


def measure_later(
    first: Mapping[EvaluationId, Measurement],
    bytecodes: Mapping[str, Bytecode],
    records: RunStore,
    pool: Pool,
    seed: int,
    num_evaluations: int,
) -> dict[EvaluationId, Measurement]:
    """Return the measurements of programs in evaluations after the first, recorded or new.

    Args:
        first: the first evaluation of each program. Later ones train at its best multiples, and a
            program that failed there has none.
        bytecodes: of the programs, by owner.
        records: store of the run; nothing is written.
        pool: started pool without other jobs.
        seed: seed of the run.
        num_evaluations: largest number of evaluations of a program.
    """
    recorded: dict[EvaluationId, Measurement] = {}
    missing: list[EvaluationId] = []
    for name, measurement in first.items():
        if measurement.status is not Status.OK:
            continue
        multiples = tuple((multiple,) for multiple in measurement.multiples)
        for number in range(2, num_evaluations + 1):
            each = name._replace(number=number)
            if (known := records.measurement(each)) is not None:
                recorded[each] = known
                continue
            missing.append(each)
            bytecode, seed_of_each = bytecodes[each.owner], evaluation_seed(seed, number)
            pool.submit(Job(str(each), bytecode, seed_of_each, multiples=multiples))
    measured: dict[str, Measurement] = {}
    while len(measured) < len(missing):
        measured |= pool.wait(0.2)
    return recorded | {each: measured[str(each)] for each in missing}
