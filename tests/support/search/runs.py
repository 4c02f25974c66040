"""A small search whose scores come from a formula, not from training: fast and deterministic."""

import dataclasses
import math
import random
from contextlib import closing, contextmanager

from lionhunt.dsl import library
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.search.driver.config import RunConfig, parse_run_config
from lionhunt.search.driver.scoring import measure_reference
from lionhunt.search.driver.search_loop import Search
from lionhunt.search.driver.setup import load_initial, load_run, summarize_setup
from lionhunt.search.evaluation.job import Hurdles, Job
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Status
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram

RAW = {
    "seed": 1,
    "num_programs": 120,
    "evolution": {"population_size": 10, "tournament_size": 3, "lag": 6},
    "tasks": [{"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}],
}


def config(**changes) -> RunConfig:
    return parse_run_config(RAW | changes, "test")


def key_of(bytecode: Bytecode) -> bytes:
    """Return a key of a program, from its bytecode."""
    return b"".join(part.tobytes() for part in bytecode)


INITIAL = key_of(assemble(library.load("adamw_initial")))
SALT = b"4"
"""Luck of all scores: with it, tests see retries, winners and lucky candidates."""
_FIRST = {INITIAL, *(key_of(assemble(library.load(name))) for name in ("lion", "sgd"))}
"""Programs that runs of tests begin with."""


def score(bytecode: Bytecode, seed: int | None = None) -> Measurement:
    """Return a measurement that depends on the bytecode and the seed.

    One program in five fails. One that a run begins with never fails, and without a seed it is
    middling.
    """
    key = key_of(bytecode)
    luck = b"" if seed is None else str(seed).encode()
    rng = random.Random(SALT + key + luck)
    value, noise = rng.random(), 0.3
    if key in _FIRST:
        value, noise = (0.35 + 0.1 * value, 0.1) if seed is None else (0.2 + 0.8 * value, 0.3)
    if value < 0.2:
        return Measurement(Status.NOT_FINITE, curves=((float("nan"),),))
    curve = (1.0, *(1 - value * chunk / 3 + noise * rng.random() for chunk in (1, 2, 3)))
    return Measurement(Status.OK, (0.1 + value,), (curve,), 0.25)


def score_job(job: Job, scorer=score) -> Measurement:
    """Return the measurement of a candidate that stops at its hurdles."""
    # A validation task has luck of its own.
    seed = job.task if job.seed is None else job.seed
    measurement = scorer(job.bytecode) if seed is None else score(job.bytecode, seed)
    if job.multiples and measurement.scores:
        measurement = at_best_multiple(job, measurement)
    curves = []
    for curve, hurdles in zip(measurement.curves, job.hurdles or (), strict=False):
        curves.append(())
        for loss, hurdle in zip(curve, hurdles, strict=False):
            curves[-1] += (loss,)
            if loss > hurdle:
                return dataclasses.replace(
                    measurement, status=Status.HURDLE, scores=(), curves=tuple(curves), seconds=0.1
                )
    return measurement


def at_best_multiple(job: Job, measurement: Measurement) -> Measurement:
    """Return a measurement that is worse with the distance to a multiple, the program's best."""
    (grid,) = job.multiples
    exponent = random.Random(SALT + key_of(job.bytecode) + b"multiple").randint(-9, 9)
    distances = {size: abs(math.log2(size) - exponent) for size in grid}
    nearest = min(grid, key=distances.__getitem__)
    (score,) = measurement.scores
    worse = (score - 0.001 * distances[nearest],)
    return dataclasses.replace(
        measurement, scores=worse, multiples=(nearest,), num_chunks=7 * len(grid)
    )


class FormulaPool:
    """A pool that returns measurements in a random order, a few at a time."""

    def __init__(self, seed=0, scorer=score):
        self.rng = random.Random(seed)
        self.scorer = scorer
        self.queue: list[Job] = []
        self.jobs: list[Job] = []

    @property
    def submitted(self) -> list[str]:
        return [job.name for job in self.jobs]

    @property
    def hurdles(self) -> dict[str, Hurdles | None]:
        return {job.name: job.hurdles for job in self.jobs}

    def start(self, reference):
        return self.scorer(reference.bytecode)

    def submit(self, job):
        self.queue.append(job)
        self.jobs.append(job)

    def wait(self, seconds):
        self.rng.shuffle(self.queue)
        count = self.rng.randrange(min(4, len(self.queue)) + 1)
        taken, self.queue = self.queue[:count], self.queue[count:]
        return [(job.name, score_job(job, self.scorer)) for job in taken]

    def close(self):
        pass


def start_formula_pool(scorer=score):
    """Return a stand-in for `search.driver.scoring.start_pool`."""

    @contextmanager
    def start(config, initial, *_):
        pool = FormulaPool(scorer=scorer)
        yield pool, pool.start(Job("reference", assemble(initial)))

    return start


def create(folder, **changes):
    """Create the file of a new run, open to write."""
    run_config = config(**changes)
    return RunStore.create(folder, summarize_setup(run_config, load_initial(run_config.initial)))


def advance(records, pool, num_programs=None):
    """Run to the end, or until there are `num_programs`."""
    run_config, initial = load_run(records)
    job = Job("reference", assemble(initial))
    reference = pool.start(job)
    if run_config.evaluation.step_sizes:
        reference = measure_reference(pool, job, run_config)
    with closing(Search(run_config, initial, records, pool, reference).run()) as events:
        for progress in events:
            if num_programs is not None and progress.num_programs >= num_programs:
                break
    return records


def measured(records: RunStore, name: str | EvaluationId) -> Measurement:
    """Return the measurement of an evaluation that a run has."""
    measurement = records.measurement(name)
    assert measurement is not None
    return measurement


def best_of(records: RunStore) -> StoredProgram:
    """Return the best individual of a run in which one trained."""
    best = records.best()
    assert best is not None
    return best


def finished(folder, pool=None, **changes) -> str:
    """Make a run, run it to its end, and return its history digest."""
    with create(folder, **changes) as records:
        return advance(records, pool or FormulaPool()).history_digest()
