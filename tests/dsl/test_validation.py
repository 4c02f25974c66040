"""Validation: the kinds of results, and the errors of invalid programs."""

import pickle

import pytest

from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.program import Const, InvalidProgram, Program, Statement, Var
from lionhunt.dsl.text.parser import ProgramError, parse
from lionhunt.dsl.validation import infer

INPUTS = ("w", "g", "m", "lr")
OUTPUTS = (Var("g"), Var("m"))


def statement(target: str, op: str, *args: str | float) -> Statement:
    """Return a statement; words are variables, numbers are constants."""
    return Statement(target, op, tuple(Var(a) if isinstance(a, str) else Const(a) for a in args))


def body(*lines: str) -> Program:
    return parse("def train(w, g, m, lr):\n  " + "\n  ".join([*lines, "return g, m"]))


def program_of(*lines: tuple) -> Program:
    """Return a program, maybe invalid, of statements (target, function, *arguments)."""
    return Program(INPUTS, tuple(statement(*line) for line in lines), OUTPUTS)


B_IS_READ = "b is read before assignment"
LIMIT = "argument 2 of clip must be a scalar, not"

INVALID = [
    (program_of(("a", "abs", "b")), 0, B_IS_READ),
    (program_of(("a", "abs", "g"), ("c", "add", "a", "b"), ("b", "abs", "g")), 1, B_IS_READ),
    (program_of(("b", "abs", "b")), 0, B_IS_READ),
    (program_of(("a", "interp", "g", "m", "w")), 0, "argument 3 of interp must be a scalar"),
    (program_of(("a", "norm", "g"), ("a", "clip", "g", "a")), 1, f"{LIMIT} per array"),
    (program_of(("lr", "multiply", "lr", "g"), ("a", "clip", "g", "lr")), 1, f"{LIMIT} tree"),
    (program_of(("a", "foo", "g")), 0, "unknown function 'foo'"),
    (program_of(("a", "abs", "g", "g")), 0, "abs takes 1 arguments, got 2"),
    (program_of(("a", "add", "g")), 0, "add takes 2 arguments, got 1"),
    (Program(INPUTS, (), (Var("g"), Var("u"))), 0, "u is returned but never assigned"),
    (Program(INPUTS, (), (Var("g"),)), 0, "outputs are the update and every state, in order"),
    (Program(("w", "g"), (), ()), 0, "inputs are weights, gradient, states, schedule"),
    (Program(("w", "w", "lr"), (), (Var("w"),)), 0, "inputs are weights, gradient"),
]


@pytest.mark.parametrize(("program", "index", "reason"), INVALID)
def test_error_of_an_invalid_program_has_reason_and_place(program, index, reason):
    with pytest.raises(InvalidProgram) as caught:
        infer(program)
    assert caught.value.reason.startswith(reason)
    assert caught.value.index == index


def test_error_shows_the_program_with_an_arrow_at_the_statement():
    with pytest.raises(InvalidProgram) as caught:
        infer(program_of(("a", "sign", "g"), ("u", "add", "a", "mm")))
    assert str(caught.value) == (
        "mm is read before assignment\n\nin statement 1 of\n\n"
        "     0  a = sign(g)\n"
        "->   1  u = a + mm\n"
        "        return g, m"
    )


def test_error_shows_the_program_with_an_arrow_at_the_return():
    with pytest.raises(InvalidProgram) as caught:
        infer(Program(("w", "g", "lr"), (statement("a", "sign", "g"),), (Var("u"),)))
    assert str(caught.value) == (
        "u is returned but never assigned\n\nin the return of\n\n"
        "     0  a = sign(g)\n"
        "->      return u"
    )


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("a = abs(g)", Kind.TREE),
        ("a = abs(lr)", Kind.SCALAR),
        ("a = lr * 2.0", Kind.SCALAR),
        ("a = lr * m", Kind.TREE),
        ("a = get_pi()", Kind.SCALAR),
        ("a = norm(g)", Kind.PER_ARRAY),
        ("a = norm(lr)", Kind.SCALAR),
        ("a = global_norm(g)", Kind.SCALAR),
        ("a = dot(g, m)", Kind.SCALAR),
        ("a = cosine_sim(g, lr)", Kind.SCALAR),
        ("a = clip(g, lr)", Kind.TREE),
        ("a = clip(lr, 1.0)", Kind.SCALAR),
        ("a = interp(lr, 1.0, lr)", Kind.SCALAR),
        ("a = interp(lr, g, 0.5)", Kind.TREE),
    ],
)
def test_kind_of_a_result(line, kind):
    assert infer(body(line)) == (kind,)


def test_kinds_follow_variables_through_reassignment():
    program = body("w = norm(g)", "w = w * lr", "lr = w + lr", "w = dot(w, g)", "a = clip(g, w)")
    kinds = [Kind.PER_ARRAY, Kind.PER_ARRAY, Kind.PER_ARRAY, Kind.SCALAR, Kind.TREE]
    assert infer(program) == tuple(kinds)


def test_outputs_may_be_constants_and_scalars():
    assert infer(parse("def train(w, g, m, lr):\n  return lr, 0.0")) == ()


@pytest.mark.parametrize(
    "fail",
    [lambda: parse("def train(w, g, lr):\n  return u"), lambda: infer(INVALID[0][0])],
    ids=["text", "program"],
)
def test_error_survives_pickling(fail):
    with pytest.raises((InvalidProgram, ProgramError)) as caught:
        fail()
    error = caught.value
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error)
    assert (str(again), vars(again)) == (str(error), vars(error))


def test_program_survives_pickling_and_is_a_key():
    program = body("a = sign(g)", "g = a * 0.1")
    again = pickle.loads(pickle.dumps(program))
    assert {program: 1}[again] == 1
