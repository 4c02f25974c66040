"""Comparisons with chosen numbers and a little noise."""

import dataclasses
import zlib

import numpy as np
import pytest

from lionhunt.search.comparison.result import (
    ComparedTask,
    Comparison,
    Final,
    GridTrial,
    Hyperparameters,
    Tuned,
)
from lionhunt.search.evaluation.outcome import Status
from lionhunt.search.paper.claims.claim import Verdict

SEEDS = tuple(range(100, 108))
NOISE = 0.01
"""Standard deviation of every number, for each seed and optimizer."""

EFFECTS = pytest.mark.parametrize(
    "effect, verdict",
    [(0.1, Verdict.SEEN), (0.0, Verdict.NOT_SEEN), (-0.1, Verdict.REVERSED)],
)
DIRECTIONS = pytest.mark.parametrize("higher_is_better", [True, False])
"""Directions of a score. `EFFECTS` are planted effects with their verdicts."""


def task_named(kind, batch_size=64, higher_is_better=True):
    metric = "accuracy" if higher_is_better else "loss (nats)"
    name = f"{kind} at {batch_size}"
    return ComparedTask(name, kind, metric, higher_is_better, "0", 100, batch_size, 1000)


def planted(cells, noise=NOISE):
    """Return a comparison.

    Args:
        cells: by optimizer and task, the values of final trainings or of the cell that differ from
            the default.
        noise: standard deviation.
    """
    optimizers = tuple(dict.fromkeys(optimizer for optimizer, _ in cells))
    tasks = tuple(dict.fromkeys(task for _, task in cells))
    tuned = {(o, task.name): _tuned(o, task, plant, noise) for (o, task), plant in cells.items()}
    return Comparison("planted", optimizers[-1], optimizers, tasks, (0, 1), SEEDS, tuned)


def without_final(comparison, optimizer, task, seed):
    """Return the comparison, but the training of an optimizer failed with one seed."""
    cell = comparison.cells[optimizer, task.name]
    finals = tuple(None if s == seed else f for s, f in zip(SEEDS, cell.finals, strict=True))
    cells = comparison.cells | {(optimizer, task.name): cell._replace(finals=finals)}
    return dataclasses.replace(comparison, cells=cells)


def _tuned(optimizer, task, plant, noise):
    best = plant.get("best", Hyperparameters(1e-3, 0.1))
    trials = plant.get("trials", (GridTrial(Hyperparameters(1e-3, 0.1), (0.8,), Status.OK),))
    if best is None:
        return Tuned(trials, None, (), ())
    rng = np.random.default_rng(zlib.crc32(f"{optimizer} {task.name}".encode()))

    def noisy(values):
        return tuple(float(value + noise * rng.normal()) for value in values)

    finals = tuple(
        Final(
            noisy([plant.get("score", 0.8)])[0],
            noisy([plant.get("training_loss", 0.5)])[0],
            noisy(plant.get("absolute_noise", (1.0, 2.0, 3.0))),
            noisy(plant.get("relative_noise", (1.0, 2.0, 3.0))),
            (1.0, 0.5),
            (0.5, 0.8),
        )
        for _ in SEEDS
    )
    return Tuned(trials, best, (), finals, plant.get("spread", ()))


def better(effect, higher_is_better=True):
    """Return the score that is better than 0.8 by `effect`."""
    return 0.8 + (effect if higher_is_better else -effect)


def square(spread, center=0.8, noise=0.003, seed=0):
    """Return a grid of nine points, the last worse by `spread` than the first."""
    rng = np.random.default_rng(seed)
    return tuple(
        GridTrial(
            Hyperparameters(1e-3 * 2 ** (i // 3), 0.1 * 2 ** (i % 3)),
            tuple(center - spread * i / 8 + noise * rng.normal(size=5)),
            Status.OK,
        )
        for i in range(9)
    )
