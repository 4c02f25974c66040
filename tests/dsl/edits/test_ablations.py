"""Removals of one function: laws over random programs, and lists of small ones."""

import time

import numpy as np
import pytest
from hypothesis import given

from lionhunt import dsl
from lionhunt.dsl.edits.ablations import list_ablations, list_removals, list_state_removals
from lionhunt.dsl.program import Const, Program, Statement, Var
from lionhunt.dsl.rewriting.terms import assigned_terms
from tests.support.dsl.programs import MODERATE, programs


def left_of(*lines: str) -> dict[tuple[str, str], str]:
    """Return the rest of a program for each removed statement and kept argument."""
    program = dsl.parse("\n  ".join(("def train(w, g, m, lr):", *lines)))
    return {(r.statement, r.kept): body(r.program) for r in list_removals(program)}


def body(program: Program) -> str:
    return "; ".join(line.strip() for line in str(program).splitlines()[1:])


@given(programs())
def test_each_is_valid_shorter_and_another_program(program):
    removals = list_removals(program)
    for removal in removals:
        dsl.infer(removal.program)
        assert len(removal.program.statements) < len(program.statements)
        assert dsl.simplify(removal.program) == removal.program
        assert set(removal.program.states) <= set(program.states)
    names = [dsl.fingerprint(removal.program) for removal in removals]
    assert len({*names, dsl.fingerprint(program)}) == len(names) + 1


@given(programs(max_statements=8, constants=MODERATE))
def test_every_argument_of_every_function_takes_its_place(program):
    """Compare with `argument * 1.0` in the place of the function, for all variables."""
    program = dsl.simplify(program)
    terms = [term for _, term in assigned_terms(program)]
    left = {dsl.fingerprint(program), *(dsl.fingerprint(r.program) for r in list_removals(program))}
    for index, statement in enumerate(program.statements):
        if statement.op in ("multiply", "divide") or terms.count(terms[index]) > 1:
            continue
        for arg in statement.args:
            given_back = Statement(statement.target, "multiply", (arg, Const(1.0)))
            before, after = program.statements[:index], program.statements[index + 1 :]
            changed = Program(program.inputs, (*before, given_back, *after), program.outputs)
            if isinstance(arg, Var) and is_valid(changed):
                assert dsl.fingerprint(changed) in left


@given(programs())
def test_a_program_without_a_state_reads_zero_instead(program):
    program = dsl.simplify(program)
    removals = list_state_removals(program)
    assert len(removals) <= len(program.states)
    for removal in removals:
        name = removal.statement.removeprefix("state ")
        dsl.infer(removal.program)
        assert name in program.states and name not in removal.program.states
        assert dsl.simplify(removal.program) == removal.program
    names = [dsl.fingerprint(removal.program) for removal in list_ablations(program)]
    assert len({*names, dsl.fingerprint(program)}) == len(names) + 1
    assert {dsl.fingerprint(r.program) for r in (*removals, *list_removals(program))} == {*names}


def test_states_go_one_by_one():
    adam = dsl.parse(
        "def train(w, g, m, v, lr):\n  m = interp(g, m, 0.75)\n  s = square(g)\n"
        "  v = interp(s, v, 0.5)\n  d = sqrt(v)\n  u = m / d\n  u = u * lr\n  return u, m, v"
    )
    left = {r.statement: body(r.program) for r in list_state_removals(adam)}
    assert list(left) == ["state m", "state v"]
    assert left["state m"].endswith("return u, v") and left["state v"].endswith("return u, m")
    without = dsl.parse(
        "def train(w, g, v, lr):\n  m = interp(g, 0.0, 0.75)\n  s = square(g)\n"
        "  v = interp(s, v, 0.5)\n  d = sqrt(v)\n  u = m / d\n  u = u * lr\n  return u, v"
    )
    assert dsl.fingerprint(list_state_removals(adam)[0].program) == dsl.fingerprint(without)


def is_valid(program: Program) -> bool:
    try:
        dsl.infer(dsl.simplify(program))
    except dsl.InvalidProgram:
        return False
    return True


def test_removal_leaves_the_argument_in_the_place_of_the_function():
    assert left_of("m = interp(g, m, 0.9)", "u = sign(m)", "u = u - w", "return u, m") == {
        ("m = interp(g, m, 0.9)", "g"): "u = sign(g); u = u - w; return u",
        # A state that keeps its value stays, though it is always zero.
        ("m = interp(g, m, 0.9)", "m"): "u = sign(m); u = u - w; return u, m",
        ("u = sign(m)", "m"): "m = interp(g, m, 0.9); u = m - w; return u, m",
        ("u = u - w", "u"): "m = interp(g, m, 0.9); u = sign(m); return u, m",
        ("u = u - w", "w"): "return w",
    }


def test_a_number_takes_no_place_and_no_factor_becomes_one():
    assert left_of("u = g * 0.5", "u = u / 3.0", "return u, m") == {}
    assert left_of("u = max(g, 0.5)", "return u, m") == {("u = max(g, 0.5)", "g"): "return g"}
    assert left_of("u = 2.0 / g", "return u, m") == {("u = 2.0 / g", "g"): "return g"}
    assert left_of("u = get_pi()", "return u, m") == {}


def test_what_needs_a_scalar_stays_valid():
    left = left_of("n = global_norm(g)", "n = tanh(n)", "u = clip(g, n)", "return u, m")
    assert ("n = global_norm(g)", "g") not in left
    assert left["n = tanh(n)", "n"] == "n = global_norm(g); u = clip(g, n); return u"
    assert left["u = clip(g, n)", "g"] == "return g"


def test_lines_that_read_alike_are_two_removals():
    program = dsl.parse("def f(w, g, lr):\n  g = tan(g)\n  g = g - w\n  g = tan(g)\n  return g")
    removals = [r for r in list_removals(program) if r.statement == "g = tan(g)"]
    assert [body(r.program) for r in removals] == [
        "g = g - w; g = tan(g); return g",
        "g = tan(g); g = g - w; return g",
    ]


@pytest.mark.parametrize("output", ["g", "lr", "0.5", "-0.0"])
def test_a_program_without_statements_has_none(output):
    assert list_removals(dsl.parse(f"def f(w, g, m, lr): return {output}, m")) == []


def test_numbers_among_the_outputs_stay():
    assert left_of("u = g - m", "u = sin(u)", "return u, 0.25") == {
        ("u = g - m", "g"): "u = sin(g); return u",
        ("u = g - m", "m"): "u = sin(m); return u, 0.25",
        ("u = sin(u)", "u"): "u = g - m; return u, 0.25",
    }


def test_redundant_statements_go_in_every_removal_and_are_none():
    assert left_of("v = cosh(m)", "u = sin(g)", "return u, v") == {("u = sin(g)", "g"): "return g"}


def test_a_long_program_takes_about_a_second():
    rng = np.random.default_rng(0)
    names = ["w", "g", "m"]
    statements = []
    for i in range(150):
        op = ("add", "multiply", "subtract", "max")[rng.integers(4)]
        args = tuple(Var(names[-1 - k]) for k in rng.integers(3, size=2))
        names.append(f"x{i}")
        statements.append(Statement(names[-1], op, args))
    last = Var(names[-1])
    program = dsl.simplify(Program(("w", "g", "m", "lr"), tuple(statements), (last, last)))
    start = time.monotonic()
    removals = list_removals(program)
    assert time.monotonic() - start < 10
    assert len(program.statements) < len(removals) <= 2 * len(program.statements)
