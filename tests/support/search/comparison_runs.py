"""Small comparisons whose scores come from a formula of optimizer, task and seed."""

import hashlib
import pickle
import random
from contextlib import closing, contextmanager

from lionhunt.search.comparison.config import CompareConfig
from lionhunt.search.comparison.loop import ComparisonLoop
from lionhunt.search.comparison.result import ABSOLUTE_NOISES, RELATIVE_NOISES, Comparison
from lionhunt.search.comparison.setup import PreparedComparison, open_comparisons
from lionhunt.search.comparison.store import ComparisonStore
from lionhunt.search.config import parse_config
from lionhunt.search.evaluation.outcome import Measurement, Status

TASK = {"kind": "digits_mlp", "num_steps": 5, "batch_size": 4, "width": 4}
RAW = {
    "seed": 3,
    "num_final_seeds": 5,
    "tuning": {"num_trials": 12, "num_seeds": 2},
    "spread": {"num_seeds": 2},
    "tasks": [TASK, TASK | {"batch_size": 8}],
    "optimizers": [
        {"program": "adamw", "learning_rate": 0.01, "weight_decay": 0.1},
        {"program": "lion", "learning_rate": 0.001, "weight_decay": 1.0},
        {"program": "optax.adamw", "learning_rate": 0.01, "weight_decay": 0.1},
    ],
}
NUM_LOSSES = 1 + len(ABSOLUTE_NOISES) + len(RELATIVE_NOISES)


def config(**changes) -> CompareConfig:
    return parse_config(RAW | changes, "test", CompareConfig)


def score(job) -> Measurement:
    """Return a measurement of rule, task and seed alone; one optimizer in eight fails."""
    name = hashlib.sha256(pickle.dumps((job.rule, job.task))).hexdigest()
    quality = random.Random(name).random()
    if quality < 0.12:
        return Measurement(Status.NOT_FINITE, curves=((float("nan"),),))
    luck = random.Random(f"{name} {job.seed}").random()
    if not job.in_detail:
        return Measurement(Status.OK, (quality + 0.1 * luck,), ((2.0, 1.0),), luck)
    losses = [luck + i for i in range(NUM_LOSSES)]
    return Measurement(Status.OK, (quality + 0.1 * luck, *losses), ((2.0, 1.0), (0.1, 0.2)), luck)


class FormulaTrainers:
    """A pool that returns its jobs in a random order, a few at a time."""

    def __init__(self, order_seed=0, scorer=score):
        self.rng = random.Random(order_seed)
        self.scorer = scorer
        self.queue = []
        self.trained = []

    def start(self, reference):
        return Measurement(Status.OK, (0.5,), ((2.0, 1.0),))

    def submit(self, job):
        self.queue.append(job)
        self.trained.append(job)

    def wait(self, seconds):
        self.rng.shuffle(self.queue)
        count = self.rng.randrange(min(9, len(self.queue)) + 1)
        taken, self.queue = self.queue[:count], self.queue[count:]
        return [(job.name, self.scorer(job)) for job in taken]

    def close(self):
        self.queue.clear()


def contest(records: ComparisonStore, pool, name="small", **changes) -> ComparisonLoop:
    """Return the loop over such a pool."""

    @contextmanager
    def opened():
        yield pool

    small = config(**changes)
    prepared = PreparedComparison(name, small)
    found = prepared.optimizers, prepared.tasks
    return ComparisonLoop(name, small, *found, records, opened, prepared.shorter_tasks())


def compared(folder, pool, **changes) -> Comparison:
    """Run a comparison to its end."""
    with open_comparisons(folder, [PreparedComparison("small", config(**changes))]) as records:
        events = contest(records, pool, **changes).run()
        while True:
            try:
                next(events)
            except StopIteration as stop:
                return stop.value


def stop_after(num_events, folder, pool, **changes) -> None:
    """Run a comparison for a number of events."""
    with open_comparisons(folder, [PreparedComparison("small", config(**changes))]) as records:
        with closing(contest(records, pool, **changes).run()) as events:
            for _ in range(num_events):
                next(events)
