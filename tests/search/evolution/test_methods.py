"""The baselines of breeding: their inputs and their changes."""

import math
from collections import Counter

import pytest

from lionhunt import dsl
from lionhunt.dsl.program import Const
from lionhunt.search.errors import MutationError
from lionhunt.search.evolution.baselines import END_OF_MUTATIONS, draw_individual
from lionhunt.search.evolution.methods import make_breeder
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.regularized import initial_individual, window
from lionhunt.search.storage.run_store import RunStore
from tests.support.search.runs import FormulaPool, advance, create, finished

PROGRAM = dsl.library.load("adamw_initial")
POPULATION, LAG = 10, 4
EVOLUTION = {"population_size": POPULATION, "tournament_size": 3, "lag": LAG}
METHODS = ("evolution", "constants", "random")


def breeder(method, program=PROGRAM, seed=1):
    return make_breeder(
        method,
        program,
        seed=seed,
        population_size=POPULATION,
        tournament_size=3,
        lag=LAG,
        space=MutationSpace(),
    )


def bred(method, num_children=40, seed=1):
    """Breed a history with planted fitness; one individual in three has none."""
    history = {i: initial_individual(i, PROGRAM) for i in range(POPULATION)}
    fitness = {i: 0.0 for i in history}
    breed = breeder(method, seed=seed)
    for index in range(POPULATION, POPULATION + num_children):
        history[index] = breed(history, fitness.__getitem__, index)
        fitness[index] = float(index * 7 % 11) if index % 3 else -math.inf
    return history, fitness


def without_constants(program):
    """Return the statements of a program with all constants the same."""
    return [
        (s.target, s.op, tuple("constant" if isinstance(a, Const) else a for a in s.args))
        for s in program.statements
    ]


@pytest.mark.parametrize("method", METHODS)
def test_child_depends_on_seed_number_and_candidate_parents_alone(method):
    history, fitness = bred(method)
    parents = {i: history[i] for i in window(40, POPULATION, LAG)}
    of_parent = {i: fitness[i] for i in parents}.__getitem__
    assert breeder(method)(parents, of_parent, 40) == history[40]
    assert breeder(method, seed=2)(parents, of_parent, 40).program != history[40].program


@pytest.mark.parametrize("method", ["constants", "random"])
def test_any_order_of_results_and_any_stop_give_one_history(method, tmp_path):
    evolution = {**EVOLUTION, "method": method}
    digest = finished(tmp_path / "whole", evolution=evolution)
    with create(tmp_path / "run", evolution=evolution) as records:
        advance(records, FormulaPool(7), 5)
    for seed, stop in enumerate([30, 31, 90, None]):
        with RunStore.open_to_write(tmp_path / "run") as records:
            advance(records, FormulaPool(seed), stop)
    with RunStore.open_to_read(tmp_path / "run") as records:
        assert records.history_digest() == digest


def test_constants_alone_change_one_at_a_time():
    history, _ = bred("constants", 200)
    for child in list(history.values())[POPULATION:]:
        assert child.parent is not None
        parent = history[child.parent].program
        assert without_constants(child.program) == without_constants(PROGRAM)
        pairs = zip(child.program.statements, parent.statements, strict=True)
        assert sum(new != old for new, old in pairs) == 1
    last = history[POPULATION + 199].program
    assert sum(a != b for a, b in zip(last.statements, PROGRAM.statements, strict=True)) > 1


def test_every_constant_varies_by_scale_or_anew():
    history = {i: initial_individual(i, PROGRAM) for i in range(POPULATION)}
    changed, negative = Counter(), 0
    for seed in range(1000):
        child = breeder("constants", seed=seed)(history, lambda _: 0.0, POPULATION)
        ((number, new),) = [
            (i, s) for i, s in enumerate(child.program.statements) if s != PROGRAM.statements[i]
        ]
        changed[number] += 1
        negative += any(isinstance(a, Const) and a.value < 0 for a in new.args)
    places = [i for i, s in enumerate(PROGRAM.statements) if Const in map(type, s.args)]
    assert sorted(changed) == places and min(changed.values()) > 150
    # Half are drawn anew, and half of these are negative.
    assert 0.2 < negative / 1000 < 0.3


def test_program_without_constants_cannot_be_tuned():
    program = dsl.parse("def f(w, g, lr):\n  u = g * lr\n  return u")
    history = {i: initial_individual(i, program) for i in range(POPULATION)}
    with pytest.raises(MutationError, match="no constant to vary; choose another"):
        breeder("constants", program)(history, lambda _: 0.0, 10)


def test_random_search_looks_at_no_other_individual():
    breed = breeder("random")

    def nothing(_):
        raise AssertionError("it looked at the fitness")

    children = [breed({}, nothing, index) for index in range(10, 60)]
    assert [child.index for child in children] == list(range(10, 60))
    assert {child.parent for child in children} == {0}
    assert len({child.program for child in children}) > 40


def test_random_programs_are_near_and_far():
    """Check that one mutation is as likely as two or three, and as 32 to 63."""
    # With insertions alone, the length is the number of mutations.
    space = MutationSpace(weights=(1.0, 0.0, 0.0))
    lengths = [
        len(child.program.statements)
        for index in range(600)
        for child in [draw_individual({}, None, index, initial=PROGRAM, seed=3, space=space)]
    ]
    mutations = [length - len(PROGRAM.statements) for length in lengths]
    octaves = Counter(math.floor(math.log2(count)) for count in mutations)
    assert sorted(octaves) == list(range(6)) and max(mutations) < END_OF_MUTATIONS
    assert all(65 < count < 135 for count in octaves.values())
