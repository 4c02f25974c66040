"""Measurement of a task: AdamW, Lion and SGD at their best learning rates, on several seeds."""

import dataclasses
import importlib
import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from lionhunt.proxy_tasks import Task
from lionhunt.proxy_tasks.pytorch.task import TorchTask
from lionhunt.search.activity import Activity, OnActivity, ignore
from lionhunt.search.task_check import trainings
from lionhunt.search.task_check.trainings import (
    OPTIMIZERS,
    CheckedTraining,
    Gradient,
    Train,
    time_evaluation,
)

NUM_SEEDS = 8
PROBE_STEPS = 20
"""Steps of a first, short training, which tells how long others may be."""
MIN_STEPS = 20
STEP = 10**0.5
"""Factor between learning rates beyond the first ones, which are tried while the last is best."""
MAX_EXTENSIONS = 3


class TunedOptimizer(NamedTuple):
    """An optimizer at the best of its learning rates.

    Attributes:
        name: of the optimizer.
        rate: learning rate.
        is_at_edge: whether that is the first or the last one tried.
        trained: a training for each seed.
    """

    name: str
    rate: float
    is_at_edge: bool
    trained: tuple[CheckedTraining, ...]

    @property
    def scores(self) -> tuple[float, ...]:
        """Return the score of each seed."""
        return tuple(each.score for each in self.trained)


@dataclasses.dataclass(frozen=True)
class TaskTrainings:
    """The measurements of a task by short trainings.

    Attributes:
        task: what was measured.
        num_parameters: trained numbers of the model.
        num_steps: of each training; the task may have more.
        has_same_data: whether two builds have the same data.
        repeats: whether two builds train alike, to the bit.
        gradients: the first of each seed.
        before: scores before the first step, one a seed.
        tuned: the optimizers.
        compile_seconds: of compiling the task for a search.
        evaluation_seconds: of one whole evaluation in a search, by AdamW.
    """

    task: Task | TorchTask
    num_parameters: int
    num_steps: int
    has_same_data: bool
    repeats: bool
    gradients: tuple[Gradient, ...]
    before: tuple[float, ...]
    tuned: tuple[TunedOptimizer, ...]
    compile_seconds: float
    evaluation_seconds: float

    @property
    def has_losses(self) -> bool:
        """Return whether the task tells its training losses; one in PyTorch may not."""
        curves = [each.curve for tuned in self.tuned for each in tuned.trained]
        return bool(np.isfinite(curves).any())

    @property
    def best(self) -> TunedOptimizer:
        """Return the optimizer with the best mean score."""
        return max(self.tuned, key=lambda each: mean_gain(each.scores, self.task.higher_is_better))


def measure_task(
    build: Callable[[], Task | TorchTask], seconds: float, on_activity: OnActivity = ignore
) -> TaskTrainings:
    """Measure a task.

    Args:
        build: builds it anew; called twice.
        seconds: about as long the trainings take together, without compiling; longer ones are cut.
        on_activity: called before each part.
    """
    on_activity(Activity("building the task"))
    task, again = build(), build()
    # Both modules have the same functions, for JAX and for PyTorch.
    trains: Any = trainings
    if isinstance(task, TorchTask):
        # torch is an extra of the package.
        trains = importlib.import_module(f"{trainings.__package__}.torch_trainings")
    first_name, first = next(iter(OPTIMIZERS.items()))
    on_activity(Activity("compiling"))
    run, run_again = (trains.make_trainer(each, first_name) for each in (task, again))
    longest = trains.longest(task)
    probe = _probe(run, first.rates[1], min(PROBE_STEPS, longest))
    num_trainings = len(OPTIMIZERS) * (len(first.rates) + MAX_EXTENSIONS + NUM_SEEDS - 1)
    affordable = PROBE_STEPS * seconds / (num_trainings * max(probe.seconds, 1e-6))
    num_steps = min(longest, max(MIN_STEPS, int(affordable)))
    results = [each(first.rates[2], 0, num_steps) for each in (run, run_again)]
    tuned = []
    for number, (name, optimizer) in enumerate(OPTIMIZERS.items()):
        on_activity(Activity(f"training by {name}", number, len(OPTIMIZERS)))
        train = run if number == 0 else trains.make_trainer(task, name)
        tuned.append(_tune(task, name, optimizer.rates, train, num_steps))
    on_activity(Activity("timing an evaluation", len(OPTIMIZERS), len(OPTIMIZERS)))
    seeds = range(NUM_SEEDS)
    compile_seconds, evaluation_seconds = time_evaluation(task, num_steps)
    return TaskTrainings(
        task,
        trains.num_parameters(task),
        num_steps,
        has_same_data=task.digest == again.digest,
        repeats=_bits(results[0]) == _bits(results[1]),
        gradients=tuple(trains.first_gradients(task, seeds)),
        before=tuple(trains.scores_before(task, seeds)),
        tuned=tuple(tuned),
        compile_seconds=compile_seconds,
        evaluation_seconds=evaluation_seconds,
    )


def mean_gain(scores: tuple[float, ...], higher_is_better: bool) -> float:
    """Return the mean of scores, higher if better; minus infinity if one failed."""
    mean = float(np.mean(scores))
    if not math.isfinite(mean):
        return -math.inf
    return mean if higher_is_better else -mean


def _probe(run: Train, rate: float, num_steps: int) -> CheckedTraining:
    """Return a short training without its compilation."""
    run(rate, 0, num_steps)
    probe = run(rate, 0, num_steps)
    return probe._replace(seconds=probe.seconds * PROBE_STEPS / num_steps)


def _tune(
    task: Task | TorchTask, name: str, rates: tuple[float, ...], train: Train, num_steps: int
) -> TunedOptimizer:
    """Train with every learning rate on one seed, and with the best on all."""
    tried = {rate: train(rate, 0, num_steps) for rate in rates}

    def best() -> float:
        return max(tried, key=lambda rate: mean_gain((tried[rate].score,), task.higher_is_better))

    for _ in range(MAX_EXTENSIONS):
        low, high = min(tried), max(tried)
        if best() not in (low, high):
            break
        beyond = low / STEP if best() == low else high * STEP
        tried[beyond] = train(beyond, 0, num_steps)
    rate = best()
    others = [train(rate, seed, num_steps) for seed in range(1, NUM_SEEDS)]
    return TunedOptimizer(name, rate, rate in (min(tried), max(tried)), (tried[rate], *others))


def _bits(trained: CheckedTraining) -> bytes:
    return np.array([trained.score, *trained.curve]).tobytes()
