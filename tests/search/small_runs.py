"""A small search whose scores come from a formula, not from training: fast and deterministic."""

import random
from contextlib import closing

from dsl.bytecode import Bytecode, assemble
from search.config import RunConfig, parse_run_config
from search.job import Job
from search.outcome import Measurement, Reason
from search.records import Records
from search.run import Search, describe_run, load_initial, load_run

RAW = {
    "seed": 1,
    "num_programs": 120,
    "evolution": {"population_size": 10, "tournament_size": 3, "lag": 6},
    "tasks": [{"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}],
}


def config(**changes) -> RunConfig:
    return parse_run_config(RAW | changes, "test")


def score(bytecode: Bytecode) -> Measurement:
    """A measurement that depends on the bytecode alone; one in five is a failure."""
    parts = (bytecode.row_code, bytecode.scalar_code, bytecode.scalars, bytecode.outputs)
    value = random.Random(b"".join(part.tobytes() for part in parts)).random()
    if value < 0.2 and bytecode.num_row_code != 6:
        return Measurement(Reason.NOT_FINITE, curves=((float("nan"),),))
    return Measurement(Reason.OK, (0.1 + value,), ((1.0, 0.5),), 0.25)


class FormulaPool:
    """Gives back what was submitted in a random order, a few at a time."""

    def __init__(self, seed=0, scorer=score):
        self.rng = random.Random(seed)
        self.scorer = scorer
        self.queue: list[Job] = []
        self.submitted: list[str] = []

    def start(self, reference):
        return self.scorer(reference)

    def submit(self, job: Job):
        self.queue.append(job)
        self.submitted.append(job.name)

    def wait(self, seconds):
        self.rng.shuffle(self.queue)
        count = self.rng.randrange(min(4, len(self.queue)) + 1)
        taken, self.queue = self.queue[:count], self.queue[count:]
        return [(job.name, self.scorer(job.bytecode)) for job in taken]

    def close(self):
        pass


def create(folder, **changes):
    """A new run's file, open to write."""
    run_config = config(**changes)
    return Records.create(folder, describe_run(run_config, load_initial(run_config.initial)))


def advance(records, pool, num_programs=None):
    """Runs to the end, or until there are `num_programs`."""
    run_config, initial = load_run(records)
    reference = pool.start(assemble(initial))
    with closing(Search(run_config, initial, records, pool, reference).run()) as events:
        for progress in events:
            if num_programs is not None and progress.num_programs >= num_programs:
                break
    return records


def finished(folder, pool=None, **changes) -> str:
    """Makes a run and ends it; its history digest."""
    with create(folder, **changes) as records:
        return advance(records, pool or FormulaPool()).history_digest()
