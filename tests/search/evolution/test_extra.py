"""Mutations of the user: what they may return, and what happens if they do otherwise."""

# pyright: reportArgumentType=false

import random
import textwrap

import pytest

from lionhunt import dsl
from lionhunt.search.errors import SourceError, UserCodeError
from lionhunt.search.evolution.baselines import draw_individual
from lionhunt.search.evolution.extra import (
    MAX_FAULTS,
    ExtraMutation,
    InvalidMutant,
    check_mutant,
)
from lionhunt.search.evolution.mutation import mutate
from lionhunt.search.evolution.mutation_space import MutationSpace
from lionhunt.search.evolution.step import find_step

LION = dsl.parse("""def train(w, g, m, lr):
  u = interp(g, m, 0.9)
  u = sign(u)
  m = interp(g, m, 0.99)
  d = w * 0.1
  u = u + d
  u = u * lr
  return u, m""")
HEAD = "import random, time\nfrom lionhunt import dsl\n\n"
GRAFT = """
def graft(program, rng, space):
    name = rng.choice(program.inputs[:2])
    statement = dsl.Statement(name, "sign", (dsl.Var(name),))
    return dsl.Program(program.inputs, (statement, *program.statements), program.outputs)
"""


@pytest.fixture
def load(tmp_path):
    def load(code, name="graft", seconds=5.0):
        file = tmp_path / "own.py"
        file.write_text(HEAD + textwrap.dedent(code))
        return ExtraMutation(f"{file}:{name}", seconds)

    return load


def space_of(*extra, **options):
    weights = (0.0, 0.0, 0.0)
    return MutationSpace(weights=weights, extra=extra, extra_weights=(1.0,) * len(extra), **options)


def test_mutants_are_what_the_function_returns_with_the_run_s_generator(load):
    space = space_of(load(GRAFT))
    mutants = [mutate(LION, random.Random(seed), space) for seed in range(100)]
    assert {mutant.mutation for mutant in mutants} == {"own.graft"}
    assert {mutant.program.statements[0].target for mutant in mutants} == {"w", "g"}
    assert all(mutant.program.statements[1:] == LION.statements for mutant in mutants)
    assert mutants == [mutate(LION, random.Random(seed), space) for seed in range(100)]


def test_kinds_are_drawn_as_often_as_weighted(load):
    extra = load(GRAFT)
    space = MutationSpace(weights=(1.0, 1.0, 0.0), extra=(extra,), extra_weights=(2.0,))
    rng = random.Random(0)
    names = [mutate(LION, rng, space).mutation for _ in range(600)]
    # Half of the valid draws, and somewhat more, since some deletions are invalid.
    assert names.count("own.graft") == pytest.approx(300, rel=0.25)


INVALID = """
def graft(program, rng, space):
    if rng.random() < 0.5:
        statement = dsl.Statement("u", "sign", (dsl.Var("nowhere"),))
    else:
        statement = dsl.Statement("u", "sign", (dsl.Var("g"),))
    return dsl.Program(program.inputs, (statement, *program.statements), program.outputs)
"""


def test_invalid_mutants_are_drawn_again_and_counted(load):
    space = space_of(load(INVALID))
    mutants = [mutate(LION, random.Random(seed), space) for seed in range(200)]
    for mutant in mutants:
        assert mutant.num_draws == 1 + dict(mutant.invalid).get("own.graft", 0)
    assert sum(mutant.num_draws for mutant in mutants) == pytest.approx(400, rel=0.2)


def test_random_search_counts_them_too(load):
    space = space_of(load(INVALID))
    drawn = draw_individual({}, None, 5, initial=LION, seed=1, space=space)
    ((name, count),) = drawn.invalid
    assert name == "own.graft" and drawn.num_draws == count + len(drawn.program.statements) - 6


@pytest.mark.parametrize(
    "code, message",
    [
        ("def graft(program, rng, space):\n    return 1 / 0", "raises ZeroDivisionError: .*line 5"),
        ("def graft(program, rng, space):\n    raise SystemExit", "raises SystemExit: .*line 5"),
        (
            "def graft(program, rng, space):\n    return str(program)",
            "returns str, where a Program",
        ),
        ("def graft(program, rng, space):\n    return None", "returns NoneType, where a Program"),
    ],
)
def test_a_function_that_always_fails_stops_the_run(code, message, load):
    extra = load(code)
    with pytest.raises(UserCodeError, match=f"^own.py:graft {message}") as raised:
        mutate(LION, random.Random(0), space_of(extra))
    assert "\n" not in str(raised.value) and f"{MAX_FAULTS} times in a row" in str(raised.value)


def test_a_function_that_fails_now_and_then_does_not(load):
    code = GRAFT.replace("name =", "assert rng.random() < 0.5\n    name =")
    mutants = [mutate(LION, random.Random(seed), space_of(load(code))) for seed in range(60)]
    assert sum(mutant.num_draws for mutant in mutants) > 90


@pytest.mark.parametrize(
    "source", ["random.random()", "time.perf_counter_ns() % 1000 / 1000", "rng.random() + id(rng)"]
)
def test_another_source_of_randomness_is_refused(source, load):
    code = GRAFT.replace("name =", f"luck = {source}\n    name =").replace(
        "(dsl.Var(name),)", "(dsl.Const(luck),)"
    )
    extra = load(code)
    with pytest.raises(UserCodeError, match="two programs for one state of the random") as raised:
        extra(LION, random.Random(0), space_of(extra))
    assert "\n" not in str(raised.value)


def test_a_function_that_hangs_is_stopped(load):
    extra = load("def graft(program, rng, space):\n    while True:\n        pass", seconds=0.2)
    message = r"own.py:graft takes longer than evaluation.candidate_seconds \(0.2 s\).*line [56]\)"
    with pytest.raises(UserCodeError, match=message):
        mutate(LION, random.Random(0), space_of(extra))


@pytest.mark.parametrize(
    "code, message",
    [
        ("def graft(program, rng):\n    return program", r"must take \(program, rng, space\), not"),
        ("graft = 3", "is no function but of type int"),
        ("def graft(program, rng, space)\n    return 1", "own.py is not Python: line 4"),
        ("def grafts(program, rng, space): ...", "has no 'graft'; did you mean 'grafts'"),
    ],
)
def test_what_is_no_such_function_is_refused(code, message, load):
    with pytest.raises(SourceError, match=message) as raised:
        load(code)
    assert "\n" not in str(raised.value)


def changed(program, **parts):
    values = {name: getattr(program, name) for name in ("inputs", "statements", "outputs")}
    return dsl.Program(**(values | parts))


SIGN = dsl.Statement("x", "sign", (dsl.Var("g"),))


@pytest.mark.parametrize(
    "parts",
    [
        {"statements": 5},
        {"statements": list(LION.statements)},
        {"statements": (*LION.statements, "u = sign(g)")},
        {"statements": (dsl.Statement("x", "sign", ("g",)), *LION.statements)},
        {"statements": (dsl.Statement("a b", "sign", (dsl.Var("g"),)), *LION.statements)},
        {"statements": (dsl.Statement("x", "sign", [dsl.Var("g")]), *LION.statements)},
        {"statements": (dsl.Statement("x", "gram", (dsl.Var("g"),) * 2), *LION.statements)},
        {"statements": (dsl.Statement("x", "sign", ()), *LION.statements)},
        {"outputs": LION.outputs[:1]},
        {"inputs": ("w", "g", "g", "lr")},
        {"inputs": ("w", "lr")},
        {"statements": (SIGN,) * 101},
    ],
)
def test_mutants_outside_the_space_are_invalid(parts):
    with pytest.raises(InvalidMutant) as raised:
        check_mutant(changed(LION, **parts), LION, MutationSpace(max_statements=100))
    assert "\n" not in str(raised.value)


def test_a_mutant_may_have_more_states():
    mutant = changed(
        LION, inputs=("w", "g", "m", "more", "lr"), outputs=(*LION.outputs, SIGN.args[0])
    )
    check_mutant(mutant, LION, MutationSpace())


INITIAL = dsl.library.load("adamw_initial")


@pytest.mark.parametrize(
    "statements, is_valid",
    [
        ((SIGN, *INITIAL.statements), True),
        (INITIAL.statements[:-1], False),
        ((*INITIAL.statements, SIGN), False),
        ((dsl.Statement("x", "sign", (dsl.Var("lr"),)), *INITIAL.statements), False),
        ((dsl.Statement("w", "sign", (dsl.Var("g"),)), *INITIAL.statements), False),
    ],
)
def test_a_mutant_keeps_the_step(statements, is_valid):
    space = MutationSpace(step=find_step(INITIAL))
    mutant = changed(INITIAL, statements=statements)
    if is_valid:
        check_mutant(mutant, INITIAL, space)
    else:
        with pytest.raises(InvalidMutant):
            check_mutant(mutant, INITIAL, space)
