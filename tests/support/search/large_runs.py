"""Large made-up runs, written without breeding: for measurements of what reads a run."""

import math
import random

from lionhunt.dsl import library
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Outcome, Status
from lionhunt.search.evolution.regularized import Individual
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram
from tests.support.search.runs import create

CURVE = (1.0, 0.8, 0.7, 0.6)


SHARE_NEW = 0.3
"""The share of individuals with a fingerprint of their own."""


def make_large_run(folder, num_programs: int) -> None:
    """Write a run whose individuals repeat programs of the library, under other fingerprints."""
    rng = random.Random(0)
    loaded = map(library.load, library.names())
    programs = [(program, len(simplify(program).statements)) for program in loaded]
    evolution = {"population_size": 1000, "tournament_size": 10, "lag": 10}
    with create(folder, num_programs=num_programs, evolution=evolution) as records:
        ranked: list[tuple[str, float | None, Status]] = []
        for index in range(num_programs):
            if not ranked or rng.random() < SHARE_NEW:
                ranked.append(_add_outcome(records, index, rng))
            name, fitness, status = ranked[-1] if rng.random() < 0.5 else rng.choice(ranked)
            program, num_needed = programs[index // 100 % len(programs)]
            parent = None if index < 1000 else index - rng.randrange(11, 1000)
            mutation = "initial" if parent is None else rng.choice(("insert", "delete", "modify"))
            individual = Individual(index, parent, mutation, program, 1)
            count = len(program.statements)
            outcome = EvaluationId(name)
            records.add_individual(
                StoredProgram(individual, name, count, num_needed, outcome, fitness, status)
            )
        records.commit()


def _add_outcome(
    records: RunStore, index: int, rng: random.Random
) -> tuple[str, float | None, Status]:
    # The reference has an outcome, as in every run.
    name = f"{index:032x}" if index else fingerprint(records.reference())
    if index and rng.random() < 0.2:
        measurement, fitness = Measurement(Status.NOT_FINITE, curves=((math.nan,),)), None
    else:
        # Gains grow slowly, and some programs are far worse than the initial one.
        fitness = math.log1p(index) / 20 - rng.expovariate(3) ** 2 if index else 0.0
        measurement = Measurement(Status.OK, (0.5 + fitness / 100,), (CURVE,), 0.25)
    records.add_outcome(name, Outcome(measurement, fitness))
    return name, fitness, measurement.status
