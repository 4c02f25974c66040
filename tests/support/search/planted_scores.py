"""Measurements with planted scores: a missing function costs a program a known loss."""

import random
from collections.abc import Callable

import numpy as np

from lionhunt import dsl
from lionhunt.dsl.execution.bytecode import Bytecode
from lionhunt.search.evaluation.job import Job
from lionhunt.search.evaluation.outcome import Measurement, Status
from lionhunt.search.simplification.measure import MeasuredTask, Measurer

TASKS = (MeasuredTask("cheap", "loss", False), MeasuredTask("dear", "accuracy", True))
FAILED = Measurement(Status.NOT_FINITE)

Scorer = Callable[[Bytecode, int, int], Measurement]

PROGRAM = dsl.parse(
    """def planted(w, g, m, lr):
      m = interp(g, m, 0.9)
      update = sinh(m)
      update = tanh(update)
      update = arctan(update)
      update = cbrt(update)
      update = exp(update)
      wd = w * 0.1
      update = update + wd
      return update, m"""
)
LOSSES = {"sinh": 0.01, "tanh": 0.0, "arctan": 0.012, "add": 0.5}
"""Losses of programs without a function, as shares of the score.

Without `exp` a program does not train. Without `cbrt` its score is too noisy to decide.
"""


def ok(score: float) -> Measurement:
    return Measurement(Status.OK, (score,), ((1.0, 0.5),), 0.25)


def planted(bytecode: Bytecode, seed: int, task: int) -> Measurement:
    """Score a shortened `PROGRAM`; seeds differ far more than programs do."""
    functions = bytecode.functions
    if not {"exp", "interp"} <= functions:
        return FAILED
    loss = sum(cost for name, cost in LOSSES.items() if name not in functions)
    if "cbrt" not in functions:
        loss += np.random.default_rng([seed, task]).normal(0.0, 0.2)
    luck = random.Random(f"{seed} {task}").uniform(1.0, 3.0)
    return ok(luck * (1 - loss if TASKS[task].higher_is_better else 1 + loss))


class PlantedPool:
    """A pool that returns its jobs in a random order, a few at a time."""

    def __init__(self, scorer: Scorer, order_seed: int = 0):
        self.rng = random.Random(order_seed)
        self.scorer = scorer
        self.queue: list[Job] = []
        self.submitted: list[Job] = []

    def start(self, reference):
        return ok(1.0)

    def submit(self, job):
        self.queue.append(job)
        self.submitted.append(job)

    def wait(self, seconds):
        self.rng.shuffle(self.queue)
        count = self.rng.randrange(min(4, len(self.queue)) + 1)
        taken, self.queue = self.queue[:count], self.queue[count:]
        return [(job.name, self._score(job)) for job in taken]

    def _score(self, job: Job) -> Measurement:
        assert job.seed is not None and job.task is not None
        return self.scorer(job.bytecode, job.seed, job.task)

    def close(self):
        self.queue.clear()


def make_measurer(scorer: Scorer = planted, order_seed: int = 0, **changes) -> Measurer:
    options = {"tolerance": 0.02, "num_seeds": (3, 6, 12), "first_seed": 40, "tasks": TASKS}
    return Measurer(PlantedPool(scorer, order_seed), **options | changes)
