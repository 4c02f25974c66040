"""The program of fitness 0, measured in every evaluation: what others are compared with.

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


def measure_references(
    first: Measurement,
    *,
    records: RunStore,
    pool: Pool,
    seed: int,
    num_evaluations: int,
    describe_here: Callable[[], dict[str, Any]],
) -> dict[EvaluationId, Measurement]:
    """What is seen of the reference: as recorded, or measured where nothing is.

    Args:
        first: what the pool saw of it in the first evaluation.
        records: of the run, which tell what the reference is; nothing is written.
        pool: started, and with nothing to do.
        seed: of the run.
        num_evaluations: how many a program can have.
        describe_here: what the run would be if it were begun here and now.

    Raises:
        RecordError: the first evaluation differs from the recorded one.
        ConfigError: the reference does not train in one of the others.
    """
    reference = records.reference()
    name = EvaluationId(fingerprint(reference))
    recorded = records.measurement(name)
    if recorded is not None and (found := first_difference(recorded, first)) is not None:
        raise refuse_difference(
            "the initial program",
            "run",
            found,
            (records.info(), describe_here()),
            f"run it anew here with 'lionhunt resume {records.path.parent} --rescore'",
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
