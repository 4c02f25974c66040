"""Mutations: the mutants that they can return, and those that they never return."""

import dataclasses
import random
from collections import Counter
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lionhunt import dsl
from lionhunt.dsl.analysis.fingerprinting import analyze
from lionhunt.dsl.analysis.liveness import find_liveness
from lionhunt.dsl.edits.statements import repeat
from lionhunt.dsl.float32 import shortest
from lionhunt.dsl.program import Const, Var
from lionhunt.search.errors import MutationError
from lionhunt.search.evolution.mutation import CROSSOVER, MAX_REPEATED, MAX_SAME, MUTATIONS, mutate
from lionhunt.search.evolution.mutation_space import DRAWN_FUNCTIONS, MutationSpace
from lionhunt.search.evolution.step import find_step
from tests.support.dsl.programs import programs

SPACE = MutationSpace()


def only(mutation):
    return MutationSpace(weights=tuple(float(name == mutation) for name in MUTATIONS))


def difference(old, new):
    """Return the statements of both programs without their common beginning and end."""
    old, new = list(old.statements), list(new.statements)
    while old and new and old[-1] == new[-1]:
        del old[-1], new[-1]
    while old and new and old[0] == new[0]:
        del old[0], new[0]
    return old, new


@given(programs(), st.integers(0, 2**32))
def test_mutation_of_a_valid_program_is_valid_and_its_parent_unchanged(program, seed):
    before = str(program)
    mutation, mutant, num_draws, *_ = mutate(program, random.Random(seed), SPACE)
    dsl.infer(mutant)
    assert dsl.parse(str(mutant)) == mutant
    assert mutant != program and str(program) == before
    assert mutant.inputs == program.inputs and mutant.outputs == program.outputs
    assert mutation in MUTATIONS and num_draws >= 1


@pytest.mark.parametrize("mutation", [name for name in MUTATIONS if name != CROSSOVER])
@given(programs(), st.integers(0, 2**32))
def test_a_mutant_knows_the_kinds_of_its_results(mutation, program, seed):
    with suppress(MutationError):
        mutant = mutate(program, random.Random(seed), only(mutation)).program
        assert mutant.kinds == dsl.infer(mutant)
        assert dataclasses.replace(mutant, statements=()).kinds is None


@given(programs(), st.integers(0, 2**32))
def test_each_kind_of_mutation_changes_one_place(program, seed):
    mutation, mutant, *_ = mutate(program, random.Random(seed), SPACE)
    old, new = difference(program, mutant)
    if mutation == "insert":
        assert (len(old), len(new)) == (0, 1)
    elif mutation == "delete":
        assert (len(old), len(new)) == (1, 0)
    else:
        assert (len(old), len(new)) == (1, 1)
        assert (old[0].target, old[0].op) == (new[0].target, new[0].op)
        assert sum(a != b for a, b in zip(old[0].args, new[0].args, strict=True)) == 1


@given(programs(), st.integers(0, 2**32))
def test_same_generator_gives_the_same_mutant(program, seed):
    first, second = (mutate(program, random.Random(seed), SPACE) for _ in range(2))
    assert first == second


def draws(program, space, count):
    rng = random.Random(0)
    return [mutate(program, rng, space)[:3] for _ in range(count)]


def test_kinds_are_drawn_as_often_as_weighted():
    counts = Counter(kind for kind, _, _ in draws(dsl.library.load("raw_lion"), SPACE, 3000))
    # Deletion is redrawn more often: a later statement may read the deleted variable.
    assert set(counts) == {"insert", "delete", "modify"} and min(counts.values()) > 500
    weighted = MutationSpace(weights=(3.0, 0.0, 1.0))
    counts = Counter(kind for kind, _, _ in draws(dsl.library.load("raw_lion"), weighted, 3000))
    assert counts["delete"] == 0 and 2 < counts["insert"] / counts["modify"] < 4


def test_statements_in_a_row_are_repeated_everywhere():
    program = dsl.library.load("raw_lion")
    count = len(program.statements)
    places = set()
    for _, mutant, _ in draws(program, only("repeat"), 500):
        length = len(mutant.statements) - count
        assert 1 <= length <= MAX_REPEATED
        starts = [
            start
            for start in range(count)
            if repeat(program, start, start + length).statements == mutant.statements
        ]
        assert starts
        places.update(starts)
    assert len(places) > count * 0.9
    full = MutationSpace(weights=(0.0, 0.0, 0.0, 1.0), max_statements=count)
    with pytest.raises(MutationError):
        mutate(program, random.Random(0), full)


def test_a_graft_combines_a_variable_with_a_function_of_it():
    program = dsl.parse("def f(w, g, lr):\n u = g * 2.0\n u = u * lr\n return u")
    functions = ("gram", "subtract", "interp")
    space = dataclasses.replace(only("graft"), functions=functions, step=find_step(program))
    seen = set()
    for _, mutant, _ in draws(program, space, 2000):
        _, (inner, outer) = difference(program, mutant)
        assert inner.target == "v1" and Var("v1") in outer.args and Var(outer.target) in outer.args
        assert outer.target == "u" and Var("lr") not in inner.args
        if inner.args.count(Var("u")) == 2 and outer.op == "subtract":
            seen.add(str(mutant))
    cubic = " v1 = gram(u, u)\n u = u - v1\n"
    text = f"def f(w, g, lr):\n u = g * 2.0\n{cubic} u = u * lr\n return u"
    assert str(dsl.parse(text)) in seen


@given(programs(), st.integers(0, 2**32))
def test_pruning_leaves_what_is_needed(program, seed):
    liveness = find_liveness(program)
    try:
        mutation, mutant, *_ = mutate(program, random.Random(seed), only("prune"))
    except MutationError:
        # An output may be the variable of a redundant statement.
        assert all(liveness.needed) or not set(program.outputs) <= set(map(Var, program.inputs))
        return
    assert mutation == "prune" and all(find_liveness(mutant).needed)
    assert len(mutant.statements) == sum(liveness.needed)
    assert dsl.fingerprint(mutant) == dsl.fingerprint(program)


@given(programs(), st.integers(0, 2**32))
def test_a_repeated_part_leaves_a_valid_program(program, seed):
    try:
        mutation, mutant, *_ = mutate(program, random.Random(seed), only("repeat"))
    except MutationError:
        # Some programs have no part that can run twice.
        return
    dsl.infer(mutant)
    assert mutation == "repeat" and mutant.outputs == program.outputs


def test_every_function_is_inserted_and_no_other():
    program = dsl.library.load("adamw_initial")
    inserted = {
        difference(program, mutant)[1][0].op
        for _, mutant, _ in draws(program, only("insert"), 2000)
    }
    assert inserted == set(DRAWN_FUNCTIONS)
    two = MutationSpace(functions=("sign", "interp"), weights=(1.0, 0.0, 0.0))
    inserted = {difference(program, mutant)[1][0].op for _, mutant, _ in draws(program, two, 100)}
    assert inserted == {"sign", "interp"}


def test_statements_are_inserted_everywhere_and_deleted_everywhere():
    program = dsl.parse("def f(w, g, lr):\n a = sign(g)\n b = sign(w)\n u = sign(lr)\n return u")
    inserted = {
        difference(program, mutant)[1][0] for _, mutant, _ in draws(program, only("insert"), 500)
    }
    assert {"w", "g", "lr", "a", "b", "u"} < {statement.target for statement in inserted}
    places = set()
    for _, mutant, _ in draws(program, only("insert"), 500):
        new = difference(program, mutant)[1][0]
        places.add(mutant.statements.index(new))
    assert places == {0, 1, 2, 3}
    deleted = {
        difference(program, mutant)[0][0].target
        for _, mutant, _ in draws(program, only("delete"), 100)
    }
    # Without u, the program has no update.
    assert deleted == {"a", "b"}


def test_new_variables_have_free_names():
    program = dsl.parse("def f(w, v1, lr):\n v3 = sign(v1)\n return v3")
    targets = {
        difference(program, mutant)[1][0].target
        for _, mutant, _ in draws(program, only("insert"), 200)
    }
    assert targets == {"w", "v1", "lr", "v3", "v2"}


def test_an_argument_becomes_a_variable_a_constant_or_a_multiple():
    program = dsl.parse("def f(w, g, lr):\n a = sign(w)\n u = g * 0.5\n return u")
    changes = Counter()
    for _, mutant, _ in draws(program, only("modify"), 3000):
        (old,), (new,) = difference(program, mutant)
        position = next(
            i for i, (a, b) in enumerate(zip(old.args, new.args, strict=True)) if a != b
        )
        kinds = tuple(type(s.args[position]).__name__ for s in (old, new))
        changes[kinds] += 1
        arg = new.args[position]
        if new.op == "multiply" and isinstance(arg, Var):
            assert arg.name in ("w", "g", "lr", "a")
    assert set(changes) == {("Var", "Var"), ("Var", "Const"), ("Const", "Var"), ("Const", "Const")}


def test_constants_are_normal_and_multiples_log_normal():
    program = dsl.parse("def f(w, g, lr):\n u = interp(g, w, 1000.0)\n return u")
    values = []
    for _, mutant, _ in draws(program, only("modify"), 3000):
        (_, _, last) = mutant.statements[0].args
        if isinstance(last, Const) and last.value != 1000:
            values.append(last.value)
    multiples = [value for value in values if value > 50]
    constants = [value for value in values if value <= 50]
    assert min(len(multiples), len(constants)) > 200
    assert abs(sum(constants) / len(constants)) < 0.3 and max(map(abs, constants)) < 6
    assert 0.3 < sum(value > 1000 for value in multiples) / len(multiples) < 0.7
    assert all(1000 / 2**5 < value < 1000 * 2**5 for value in multiples)


def test_scalar_slots_get_scalars():
    program = dsl.parse("def f(w, g, lr):\n n = dot(w, g)\n u = interp(g, w, lr)\n return u")
    arguments = set()
    for _, mutant, _ in draws(program, only("modify"), 2000):
        last = mutant.statements[1].args[2]
        arguments.add(last.name if isinstance(last, Var) else "constant")
    assert arguments == {"lr", "n", "constant"}


def test_a_program_at_its_limit_gets_no_more_statements():
    program = dsl.library.load("adamw_initial")
    space = MutationSpace(max_statements=9)
    assert {kind for kind, _, _ in draws(program, space, 300)} == {"delete", "modify"}


DIFFERENT = MutationSpace(until_different=True)


@settings(max_examples=30)
@given(programs(), st.integers(0, 2**32))
def test_mutant_is_the_first_that_computes_something_else_if_asked_for(program, seed):
    identity = analyze(program)
    mutant = mutate(program, random.Random(seed), DIFFERENT, identity)
    assert mutant == mutate(program, random.Random(seed), DIFFERENT)
    rng = random.Random(seed)
    drawn = [mutate(program, rng, SPACE)]
    while len(drawn) < MAX_SAME and dsl.fingerprint(drawn[-1][1]) == identity.fingerprint:
        drawn.append(mutate(program, rng, SPACE))
    assert mutant[:3] == (*drawn[-1][:2], sum(each.num_draws for each in drawn))


def test_mutant_may_be_the_same_where_nothing_else_is_found():
    program = dsl.parse("def f(w, g, lr):\n a = sign(w)\n b = a * 2.0\n return g")
    space = MutationSpace(weights=(0.0, 1.0, 0.0), until_different=True)
    mutation, mutant, num_draws, *_ = mutate(program, random.Random(0), space)
    assert mutation == "delete" and dsl.fingerprint(mutant) == dsl.fingerprint(program)
    assert num_draws >= MAX_SAME


def test_a_scaled_constant_stays_a_float32():
    program = dsl.parse("def f(w, g, lr):\n u = g * 3.4e38\n return u")
    for _, mutant, _ in draws(program, only("modify"), 500):
        dsl.infer(mutant)


def test_no_possible_mutation_is_said():
    program = dsl.parse("def f(w, g, lr):\n return g")
    with pytest.raises(MutationError, match="no valid mutation"):
        mutate(program, random.Random(0), only("delete"))


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
def test_shortest_is_the_same_float32_in_no_more_digits(value):
    import numpy as np

    short = shortest(value)
    assert np.float32(short) == np.float32(value)
    assert len(repr(short)) <= max(len(repr(value)), 5)
