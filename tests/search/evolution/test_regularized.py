"""Regularized evolution: children as a function of the history."""

import hashlib
from collections import Counter
from typing import Any

import pytest

from lionhunt import dsl
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.regularized import breed, initial_individual, window

PROGRAM = dsl.library.load("adamw_initial")
OPTIONS: dict[str, Any] = {
    "seed": 1,
    "population_size": 10,
    "tournament_size": 3,
    "lag": 4,
    "space": MutationSpace(),
}


def child_of(history, fitness, index=30, **changes: Any):
    options: dict[str, Any] = OPTIONS | changes
    return breed(history, fitness.__getitem__, index, **options)


HISTORY = {i: initial_individual(i, PROGRAM) for i in range(40)}


@pytest.mark.parametrize(
    "index, parents",
    [(10, (0, 10)), (13, (0, 10)), (14, (0, 10)), (15, (1, 11)), (30, (16, 26))],
)
def test_candidate_parents_are_the_last_population_born_before_the_lag(index, parents):
    assert window(index, 10, 4) == range(*parents)


def test_without_a_lag_all_before_are_candidate_parents():
    assert window(10, 10, 0) == range(0, 10) and window(11, 10, 0) == range(1, 11)


def test_parent_is_the_fittest_of_the_tournament():
    fitness = {i: float(i % 7) for i in HISTORY}
    parents = Counter(child_of(HISTORY, fitness, seed=seed).parent for seed in range(3000))
    assert set(parents) <= set(window(30, 10, 4))
    # The fittest of 10 elders wins whenever it is drawn: 1 - 0.9^3 of the time, about 0.27.
    fittest = max(window(30, 10, 4), key=lambda i: (fitness[i], -i))
    assert parents.most_common(1)[0][0] == fittest
    assert 0.24 < parents[fittest] / 3000 < 0.31


def test_candidate_parent_without_fitness_loses_to_any_other():
    fitness = dict.fromkeys(HISTORY, float("-inf")) | {20: -5.0}
    assert child_of(HISTORY, fitness, tournament_size=200).parent == 20


def test_child_depends_on_seed_number_and_candidate_parents_alone():
    fitness = {i: float(-i) for i in HISTORY}
    child = child_of(HISTORY, fitness)
    parents = {i: HISTORY[i] for i in window(30, 10, 4)}
    assert child_of(parents, {i: fitness[i] for i in parents}) == child
    others = [
        child_of(HISTORY, fitness, seed=2),
        child_of(HISTORY, fitness, index=31),
    ]
    assert all(other.program != child.program for other in others)
    assert child.index == 30 and child.parent in parents


def test_permanence():
    """Pin the history; if you change mutation or evolution, old runs cannot be resumed."""
    history = {i: initial_individual(i, PROGRAM) for i in range(10)}
    fitness = {i: 0.0 for i in history}
    for index in range(10, 110):
        history[index] = child_of(history, fitness, index)
        fitness[index] = float(index * 7 % 11)
    texts = "\n".join(str(individual.program) for individual in history.values())
    assert hashlib.sha256(texts.encode()).hexdigest()[:16] == "8fad9a7fd3265010"
