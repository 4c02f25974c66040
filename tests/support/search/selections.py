"""Small selections whose scores come from a formula of program and seed: fast and deterministic."""

import random
from contextlib import contextmanager
from pathlib import Path

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import Bytecode, assemble
from lionhunt.dsl.program import Program
from lionhunt.search.config import parse_config
from lionhunt.search.driver.setup import load_initial, summarize_setup
from lionhunt.search.evaluation.outcome import EvaluationId, Measurement, Outcome, Status
from lionhunt.search.evolution.regularized import Individual
from lionhunt.search.selection.config import SelectConfig
from lionhunt.search.selection.loop import SelectionLoop
from lionhunt.search.selection.result import SelectionResult
from lionhunt.search.selection.setup import summarize_selection_setup
from lionhunt.search.selection.store import SelectionStore
from lionhunt.search.storage.run_store import RunStore
from lionhunt.search.storage.stored_program import StoredProgram
from tests.support.search.runs import SALT, key_of
from tests.support.search.runs import config as run_config

TASK = {"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}
RAW = {
    "seed": 7,
    "stages": [
        {
            "num_candidates": 4,
            "tasks": [TASK],
            "tuning": {"learning_rates": [1.0, 0.5], "num_variations": 2},
            "num_tuning_seeds": 2,
            "num_final_seeds": 3,
        },
        {
            "num_candidates": 2,
            "tasks": [TASK | {"scale": 10.0}],
            "tuning": {"learning_rates": [1.0], "num_variations": 1},
            "num_tuning_seeds": 1,
            "num_final_seeds": 2,
        },
    ],
    "meta_validation": {"num_checkpoints": 4, "num_seeds": 3},
    "baselines": [{"program": "adamw_initial"}, {"program": "signsgd", "learning_rate": 0.01}],
}


def config(**changes) -> SelectConfig:
    return parse_config(RAW | changes, "test", SelectConfig)


def instructions(bytecode: Bytecode) -> tuple[bytes, bytes]:
    """Return a key of a program without its constants."""
    return bytecode.scalar_code.tobytes(), bytecode.vector_code.tobytes()


INITIAL = instructions(assemble(dsl.library.load("adamw_initial")))


def score(bytecode: Bytecode, seed: int) -> Measurement:
    """Return a measurement of bytecode and seed alone; one program in eight fails.

    The initial program does not fail, and is easily beaten, however it is tuned.
    """
    rng = random.Random(SALT + key_of(bytecode))
    quality = 0.3 if instructions(bytecode) == INITIAL else rng.random()
    if quality < 0.12:
        return Measurement(Status.NOT_FINITE, curves=((float("nan"),),))
    luck = random.Random(key_of(bytecode) + str(seed).encode()).random()
    return Measurement(Status.OK, (1.0 + 0.2 * quality + 0.1 * luck,), ((1.0, 0.5),), luck)


class SeededPool:
    """A pool that returns its jobs in a random order, a few at a time."""

    def __init__(self, order_seed, scorer, reference_seed):
        self.rng = random.Random(order_seed)
        self.scorer = scorer
        self.reference_seed = reference_seed
        self.queue = []

    def start(self, reference):
        return self.scorer(reference.bytecode, self.reference_seed)

    def submit(self, job):
        self.queue.append(job)

    def wait(self, seconds):
        self.rng.shuffle(self.queue)
        count = self.rng.randrange(min(4, len(self.queue)) + 1)
        taken, self.queue = self.queue[:count], self.queue[count:]
        return [(job.name, self.scorer(job.bytecode, job.seed)) for job in taken]

    def close(self):
        self.queue.clear()


def make_pool(order_seed=0, scorer=score, opened=None):
    """Return an opener of such pools; `opened` collects its tasks, seeds and functions."""

    @contextmanager
    def make(tasks, seed, functions):
        if opened is not None:
            opened.append((tasks, seed, functions))
        yield SeededPool(order_seed, scorer, seed)

    return make


def plant_run(folder: Path, programs: list[tuple[Program, float]]) -> Path:
    """Write a run whose history is AdamW and these programs, with the given fitness."""
    run = run_config(num_programs=10)
    initial = load_initial(run.initial)
    with RunStore.create(folder, summarize_setup(run, initial)) as records:
        history = [(initial, 0.0)] * (10 - len(programs)) + programs
        names = set()
        for index, (program, fitness) in enumerate(history):
            name = dsl.fingerprint(program)
            if name not in names:
                measurement = Measurement(Status.OK, (0.5 * (1 + fitness),), ((1.0,),))
                records.add_outcome(name, Outcome(measurement, fitness))
                names.add(name)
            needed = len(dsl.simplify(program).statements)
            individual = Individual(index, None, "initial", program)
            lengths = len(program.statements), needed
            row = StoredProgram(individual, name, *lengths, EvaluationId(name), fitness, Status.OK)
            records.add_individual(row)
        records.commit()
    return folder


def begin(folder: Path, runs: list[Path], **changes):
    """Create the store of a selection, open to write."""
    return SelectionStore.create(folder, summarize_selection_setup(config(**changes), runs))


def finish(records: SelectionStore, pools) -> SelectionResult:
    """Run to the end."""
    return exhausted(SelectionLoop(records, pools).run())


def exhausted(events):
    """Consume a generator, and return its result."""
    while True:
        try:
            next(events)
        except StopIteration as stop:
            return stop.value


def selected(folder: Path, runs: list[Path], pools=None, **changes) -> tuple[SelectionResult, str]:
    """Run a selection to its end, and return its result and digest."""
    with begin(folder, runs, **changes) as records:
        return finish(records, pools or make_pool()), records.digest()
