"""Tuning of constants by CMA-ES, as a function of what was tried before."""

import math
import statistics
from typing import Any

import pytest

from lionhunt import dsl
from lionhunt.search.evolution.baselines import vary_constant
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.regularized import Selection, breed, initial_individual
from lionhunt.search.evolution.step import find_step
from lionhunt.search.evolution.tuning import MAX_TRIALS, Tuner, tunable_places

PROGRAM = dsl.parse("""def f(w, g, m, v, lr):
  m = interp(g, m, 0.9)
  g2 = square(g)
  v = interp(g2, v, 0.999)
  r = sqrt(v)
  r = r + 1e-6
  u = m / r
  x = w * 0.3
  d = w * 0.1
  u = u + d
  u = u * -0.1
  u = power(u, 2.0)
  u = u + 1.0
  u = u * lr
  return u, m, v""")
TARGET = {0.9: 0.7, 0.999: 0.97, 1e-6: 1e-5, 0.1: 0.4, -0.1: -0.5}


def coordinate(value):
    return math.log(value / (1 - value)) if 0.5 <= value < 1 else math.log(abs(value))


def values_of(program):
    """Return the constants in the places of those of the target."""
    places = tunable_places(PROGRAM)
    return [program.statements[i].args[position].value for (i, position), *_ in places.values()]


def rank(program):
    """Return minus a sum of squares of distances from the target."""
    return -sum(
        (coordinate(value) - coordinate(goal)) ** 2 if value * goal > 0 else 100.0
        for value, goal in zip(values_of(program), TARGET.values(), strict=True)
    )


def test_redundant_statements_ones_and_whole_exponents_are_left_alone():
    assert list(tunable_places(PROGRAM)) == list(TARGET)


def test_equal_constants_stay_equal():
    program = dsl.parse(
        "def f(w, g, m, lr): m = interp(g, m, 0.9); u = m * 0.9; u = u * 0.2; return u, m"
    )
    assert list(tunable_places(program).values()) == [[(0, 2), (1, 1)], [(2, 1)]]
    first, second, third = (s.args[-1] for s in Tuner(program).ask(3).statements)
    assert first == second != third


def test_step_keeps_its_constants():
    program = dsl.parse(
        "def f(w, g, m, lr):\n  m = interp(g, m, 0.9)\n  d = w * 0.01\n  u = m + d\n"
        "  lr = lr * 0.001\n  u = u * lr\n  return u, m"
    )
    assert list(tunable_places(program, find_step(program))) == [0.9]


class Tuning:
    """An elite whose front is the initial program, and which tunes its constants."""

    def __init__(self, history, ranks):
        self.history, self.ranks = history, ranks
        self.tuner, self.num_told = Tuner(PROGRAM), 10

    def front(self, count):
        return [0]

    def tune(self, index, count, seed):
        for tuned in range(self.num_told, count):
            self.tuner.tell(self.history[tuned].program, self.ranks[tuned])
        self.num_told = max(self.num_told, count)
        return self.tuner.ask(seed)


def num_trials(seed, tune, lag=0):
    """Return the children until the distance is a hundredth of the first."""
    history = {index: initial_individual(index, PROGRAM) for index in range(10)}
    ranks = dict.fromkeys(history, rank(PROGRAM))
    elite: Any = Tuning(history, ranks)
    for index in range(10, 1000):
        history[index] = child = breed(
            history,
            ranks.__getitem__,
            index,
            seed=seed,
            population_size=10,
            tournament_size=3,
            lag=lag,
            space=MutationSpace(),
            mutate=vary_constant,
            selection=Selection(tune=tune),
            elite=elite,
        )
        ranks[index] = rank(child.program)
        if ranks[index] > 0.01 * rank(PROGRAM):
            return index - 10
    return 1000


def test_tuning_needs_far_fewer_children_than_mutation_of_constants():
    def median(**changes):
        return statistics.median(num_trials(seed, **changes) for seed in range(5))

    mutated = median(tune=0.0)
    assert 3 * median(tune=1.0) < mutated
    assert median(tune=1.0, lag=20) < median(tune=0.0, lag=20)


def test_a_child_depends_on_what_was_told_and_its_seed_alone():
    tuner, other = Tuner(PROGRAM), Tuner(PROGRAM)
    for seed in range(30):
        child = tuner.ask(seed)
        # Questions leave no trace.
        tuner.ask(1000 + seed)
        tuner.tell(child, rank(child))
        other.tell(dsl.parse(str(child)), rank(child))
    assert tuner.ask(7) == other.ask(7) != other.ask(8)


def test_signs_and_decays_stay():
    tuner = Tuner(PROGRAM)
    for seed in range(200):
        child = tuner.ask(seed)
        beta1, beta2, *_, factor = values_of(child)
        assert 0 < beta1 <= 1 and 0 < beta2 <= 1 and factor < 0
        # Programs with large constants are best, or fail, so that CMA-ES moves far.
        tuner.tell(child, abs(factor) if seed % 3 else -math.inf)


@pytest.mark.parametrize("is_flat", [True, False])
def test_tuning_ends_when_it_has_converged_or_costs_too_much(is_flat):
    tuner = Tuner(PROGRAM)
    num_told = 0
    while not tuner.is_done:
        child = tuner.ask(num_told)
        tuner.tell(child, 0.0 if is_flat else rank(child))
        num_told += 1
    assert num_told == MAX_TRIALS * len(TARGET) if is_flat else 50 < num_told < 500
    assert Tuner(dsl.parse("def f(w, g, lr): u = g * lr; return u")).is_done


def test_program_that_differs_otherwise_is_refused():
    with pytest.raises(ValueError, match="more than its constants"):
        Tuner(PROGRAM).tell(dsl.library.load("lion"), 0.0)
