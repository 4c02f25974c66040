"""Crossover: a run of the second parent's statements, and nothing else, enters the first parent."""

import random
from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.analysis.liveness import find_live
from lionhunt.dsl.program import Const, Var
from lionhunt.search.evolution.crossover import MAX_SPLICED, crossover, live_at
from lionhunt.search.evolution.mutation import CROSSOVER, MUTATIONS, mutate
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.regularized import breed, initial_individual
from lionhunt.search.evolution.step import find_step
from tests.support.dsl.programs import programs

LION, ADAM = dsl.library.load("lion"), dsl.library.load("adamw")


def split(program, child):
    """Return the ways to see a child as a program with a run spliced in: (position, run)."""
    size = len(child.statements) - len(program.statements)
    return [
        (i, child.statements[i : i + size])
        for i in range(len(program.statements) + 1)
        if (*child.statements[:i], *child.statements[i + size :]) == program.statements
    ]


def is_renamed(run, statements):
    """Return whether a run is these statements with each variable renamed consistently."""
    names: dict[str, str] = {}

    def matches(new, old):
        for one, other in zip(new.args, old.args, strict=True):
            if isinstance(one, Const) or isinstance(other, Const):
                if one != other:
                    return False
            elif names.setdefault(other.name, one.name) != one.name:
                return False
        names[old.target] = new.target
        return True

    return all(
        new.op == old.op and matches(new, old) for new, old in zip(run, statements, strict=True)
    )


@settings(max_examples=150, deadline=None)
@given(programs(), programs(), st.integers(0, 2**32))
def test_child_is_the_first_parent_with_a_run_of_the_second_that_is_read(program, other, seed):
    child = crossover(program, other, random.Random(seed))
    if child is None:
        return
    dsl.infer(child)
    assert dsl.parse(str(child)) == child
    assert (child.inputs, child.outputs) == (program.inputs, program.outputs)
    needed, _ = find_live(other)
    live = [s for s, is_needed in zip(other.statements, needed, strict=True) if is_needed]
    ways = split(program, child)
    assert ways and 1 <= len(ways[0][1]) <= MAX_SPLICED
    for position, run in ways:
        size = len(run)
        is_of_other = any(is_renamed(run, live[i : i + size]) for i in range(len(live) - size + 1))
        if is_of_other and find_live(child)[0][position + size - 1]:
            break
    else:
        raise AssertionError("the run is none of the second parent, or nothing reads it")


@settings(max_examples=60, deadline=None)
@given(programs(), st.integers(0, 40))
def test_a_variable_is_live_where_its_loss_changes_the_program(program, position):
    position = min(position, len(program.statements))
    live = live_at(program, position)
    # To assign a variable at the place changes the fingerprint only if the variable is live.
    for name in {*program.inputs, *(s.target for s in program.statements[:position])} - live:
        spoilt = dsl.Program(
            program.inputs,
            (
                *program.statements[:position],
                dsl.Statement(name, "multiply", (Var(name), Const(3.25))),
                *program.statements[position:],
            ),
            program.outputs,
        )
        assert dsl.fingerprint(spoilt) == dsl.fingerprint(program)


def test_step_stays_and_is_not_read():
    initial = dsl.library.load("adamw_initial")
    step = find_step(initial)
    rng = random.Random(1)
    parents = [initial]
    for _ in range(60):
        parents.append(mutate(rng.choice(parents), rng, MutationSpace(step=step)).program)
    children = [
        crossover(rng.choice(parents), rng.choice(parents), rng, step=step) for _ in range(300)
    ]
    found = [child for child in children if child is not None]
    assert len(found) > 200
    for child in found:
        assert child.statements[-step.num_statements :] == initial.statements[-4:]
        assert find_step(child) == step


def test_a_longer_child_than_allowed_is_none():
    size = len(LION.statements)
    rng = random.Random(0)
    children = [crossover(LION, ADAM, rng, max_statements=size + 2) for _ in range(200)]
    lengths = {len(child.statements) for child in children if child is not None}
    assert lengths == {size + 1, size + 2}


def test_second_parent_wins_a_tournament_of_the_same_window():
    space = MutationSpace(weights=tuple(float(name == CROSSOVER) for name in MUTATIONS))
    history = {i: initial_individual(i, ADAM if i % 3 else LION) for i in range(20)}
    seconds: Counter[int] = Counter()
    for index in range(20, 320):
        child = breed(
            history,
            lambda i: i / 10,
            index,
            seed=3,
            population_size=10,
            tournament_size=4,
            lag=index - 20,
            space=space,
        )
        assert child.mutation == CROSSOVER and child.second_parent is not None
        assert 10 <= child.second_parent < 20
        seconds[child.second_parent] += 1
    # The best of four wins with a probability of 1 - 0.9^4 = 34 %.
    assert seconds[19] == pytest.approx(0.344 * 300, rel=0.25)


def test_without_a_second_parent_it_is_never_drawn():
    space = MutationSpace(weights=(1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 5.0))
    rng = random.Random(0)
    assert {mutate(ADAM, rng, space).mutation for _ in range(50)} == {*MUTATIONS[:3]}


def test_weight_of_zero_changes_no_draw():
    with_it = MutationSpace(weights=(1.0, 2.0, 1.0, 0.0, 0.0, 0.0, 0.0))
    without = MutationSpace(weights=(1.0, 2.0, 1.0))
    pairs = [
        [mutate(ADAM, random.Random(seed), each) for each in (with_it, without)]
        for seed in range(50)
    ]
    assert all(first == second for first, second in pairs)
