"""Tuning of a program in a selection: a sweep of learning rates, then varied constants."""

import dataclasses
import itertools
import random
from collections.abc import Sequence

from lionhunt.dsl.float32 import shortest
from lionhunt.dsl.program import Const
from lionhunt.search.evolution.hyperparameters import Tuning
from lionhunt.search.evolution.mutation import scale
from lionhunt.search.tuning_grid import Grid, Hyperparameters


def sweep(start: Tuning, learning_rates: Sequence[float]) -> list[Tuning]:
    """Return the first trials: the learning rate of the start, times each of these."""
    return [
        dataclasses.replace(start, learning_rate=_product(start.learning_rate, factor))
        for factor in learning_rates
    ]


def multiples_grid(learning_rates: Sequence[float]) -> Grid:
    """Return the grid on which a sweep goes on.

    Its coarse step is the smallest factor between two of the multiples, or 2 for a single one.
    """
    rates = sorted(learning_rates)
    factors = [high / low for low, high in itertools.pairwise(rates)]
    return Grid(Hyperparameters(1.0, 0.0), min(factors, default=2.0), 1.0)


def vary(best: Tuning, num_trials: int, seed: int, fingerprint: str) -> list[Tuning]:
    """Return the later trials: each multiplies one number of the best tuning by 2^a, a ~ N(0, 1).

    The learning rate is one of the numbers. A trial depends on the seed, the program and its own
    number alone.

    Args:
        best: the best tuning so far.
        num_trials: number of trials.
        seed: seed of the selection.
        fingerprint: fingerprint of the untuned program.
    """
    return [_vary(best, random.Random(f"{seed} {fingerprint} {i}")) for i in range(num_trials)]


def _vary(best: Tuning, rng: random.Random) -> Tuning:
    numbers = [best.learning_rate, *best.constants]
    place = rng.randrange(len(numbers))
    numbers[place] = scale(Const(numbers[place]), rng).value
    return Tuning(numbers[0], tuple(numbers[1:]))


def _product(a: float, b: float) -> float:
    return a if b == 1.0 else shortest(a * b)
