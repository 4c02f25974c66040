"""Functions of the user: their declaration, the active table, and what analysis knows of them."""

# pyright: reportArgumentType=false

import dataclasses
import threading

import numpy as np
import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.constant_folding import fold
from lionhunt.dsl.analysis.state_kinds import narrow_states
from lionhunt.dsl.analysis.work import measure_work
from lionhunt.dsl.backends import PytreeBackend, ScalarBackend
from lionhunt.dsl.functions import function
from lionhunt.dsl.functions.trial import try_rule
from lionhunt.dsl.kinds import Kind
from lionhunt.dsl.op import FunctionError, Own
from lionhunt.dsl.op_table import GROUPS, OPS, PLAIN, WORDS, OpTable, active_table
from lionhunt.dsl.ops import BUILT_IN
from tests.support.own_functions import own_op

TEXT = "def f(w, g, lr):\n  return twice(g) * lr"


def declared(**changes):
    """Declare a function whose rule takes any arguments."""
    values = {"name": "softsign", "arity": 1, "meaning": "x / (1 + abs(x))"} | changes
    return function(**values)(lambda np, *values: values[0])


@pytest.mark.parametrize(
    "changes, words",
    [
        ({"name": "tanh"}, "the language has this word already"),
        ({"name": "maximum"}, "the language has this word already"),
        ({"name": "own"}, "the language has this word already"),
        ({"name": "paper"}, "the language has this word already"),
        ({"name": "soft-sign"}, "must be a word"),
        ({"name": "lambda"}, "must be a word"),
        ({"name": "größe"}, "must be a word"),
        ({"name": "__class__"}, "must be a word"),
        ({"name": 3}, "must be a word"),
        ({"name": "s" * 31}, "at most 30 characters"),
        ({"name": "outputs"}, "Lionhunt uses this word"),
        ({"kind": "elementwize"}, "did you mean 'elementwise'?"),
        ({"kind": None}, "is none of elementwise, row"),
        ({"arity": 0}, "takes 1 to 3 arguments, not 0"),
        ({"arity": 4}, "takes 1 to 3 arguments, not 4"),
        ({"arity": True}, "takes 1 to 3 arguments, not True"),
        ({"arity": 2, "kind": "row"}, "takes 1 argument, not 2"),
        ({"meaning": " "}, "give its meaning"),
        ({"meaning": "x\ny"}, "one line"),
        ({"note": 3}, "note must be one line"),
        ({"group": "paper"}, "has a meaning already"),
        ({"group": "tanh"}, "has a meaning already"),
        ({"commutative": True}, "needs two arguments"),
        ({"non_negative": 1}, "must be True or False"),
        ({"optax": "x +"}, "no expression of Python"),
        ({"optax": "np.abs(x)"}, "names 'np'; use jnp, x alone"),
        ({"torch": "x + y"}, "names 'y'"),
        ({"torch": "x.__class__"}, "must be a formula"),
        ({"torch": "(lambda: x)()"}, "must be a formula"),
        ({"torch": "[v for v in x]"}, "must be a formula"),
        ({"optax": "jnp.load('file')"}, "must be a formula"),
        ({"optax": "axis + x"}, "names 'axis'"),
    ],
)
def test_wrong_declarations_are_refused_in_one_line(changes, words):
    with pytest.raises(FunctionError, match="function") as caught:
        declared(**changes)
    message = str(caught.value)
    assert words in message and len(message.splitlines()) == 1


@pytest.mark.parametrize(
    "arity, kind, rule",
    [
        (2, "elementwise", lambda np, x: x),
        (1, "elementwise", lambda np, x, y: x),
        (1, "elementwise", lambda: 0),
        (1, "row", lambda np, x: x),
    ],
    ids=["too few", "too many", "none", "no axis"],
)
def test_rule_must_take_the_arguments_of_its_kind(arity, kind, rule):
    with pytest.raises(FunctionError, match="need a rule of"):
        function(name="f", arity=arity, kind=kind, meaning="x")(rule)
    with pytest.raises(FunctionError, match="must be a function"):
        function(name="f", arity=1, meaning="x")(3)


@pytest.mark.parametrize(
    "kind, rule, words",
    [
        ("elementwise", lambda np, x: np.sum(x), r"the shape \(\) of arrays of shape \(2, 3\)"),
        ("elementwise", lambda np, x: x - np.mean(x), "depends on the others"),
        ("elementwise", lambda np, x: x > 0, "it makes bool of float32"),
        ("elementwise", lambda np, x: 1 / 0, "raised ZeroDivisionError on NumPy"),
        ("elementwise", lambda np, x: np.no_such(x), "raised AttributeError on NumPy"),
        ("elementwise", lambda np, x: x if np.all(x > -9) else -x, "on JAX"),
        ("elementwise", lambda np, x: (x, x), "shape"),
        ("row", lambda np, x, axis: np.sum(x, axis), r"not \(2, 1\) \(keepdims"),
        ("row", lambda np, x, axis: np.sum(x, -2, keepdims=True), "the shape"),
        (
            "row",
            lambda np, x, axis: np.sum(x, axis, keepdims=True) * np.sum(x),
            "depends on more than that row",
        ),
        ("array", lambda np, x, axis: x, "needs one number for an array"),
        ("array", lambda np, x, axis: np.sum(x, 0), "one number for an array"),
        ("total", lambda np, x: np.sum(x), "shape"),
    ],
)
def test_trial_finds_rules_that_are_not_what_they_say(kind, rule, words):
    op = function(name="f", arity=1, kind=kind, meaning="x")(rule)
    with pytest.raises(FunctionError, match=words) as caught:
        try_rule(op)
    assert len(str(caught.value).splitlines()) == 1


@pytest.mark.parametrize(
    "kind, rule",
    [
        ("elementwise", lambda np, x: x / (1 + np.abs(x))),
        ("elementwise", lambda np, x: np.where(x > 0, x, np.float32(0))),
        ("row", lambda np, x, axis: np.sqrt(np.sum(x * x, axis, keepdims=True))),
        ("column", lambda np, x, axis: np.max(x, axis, keepdims=True)),
        ("array", lambda np, x, axis: np.mean(x, axis)),
        ("total", lambda np, x: x * x),
    ],
    ids=["softsign", "relu", "norm", "maximum", "mean", "square"],
)
def test_trial_passes_right_rules(kind, rule):
    try_rule(function(name="f", arity=1, kind=kind, meaning="x")(rule))


def test_functions_are_known_in_the_body_alone():
    with pytest.raises(dsl.ProgramError, match="unknown function 'twice'"):
        dsl.parse(TEXT)
    with OpTable((own_op(),)):
        program = dsl.parse(TEXT)
        assert "twice" in OPS and "twice" in WORDS and GROUPS["own"] == ("twice",)
        with PLAIN:
            assert "twice" not in OPS
        assert dsl.parse(str(program)) == program
    assert "twice" not in OPS and active_table() is PLAIN and "own" not in GROUPS
    assert dict(OPS) == BUILT_IN
    # The text of a program needs no table.
    assert "twice(g)" in str(program)
    with pytest.raises(dsl.InvalidProgram, match="unknown function 'twice'"):
        dsl.infer(program)


def test_an_error_in_the_body_leaves_nothing():
    with pytest.raises(KeyError), OpTable((own_op(),)):
        OPS["no such function"]
    assert active_table() is PLAIN


def test_functions_of_one_thread_are_unknown_to_another():
    found = []
    with OpTable((own_op(),)):
        thread = threading.Thread(target=lambda: found.append("twice" in OPS))
        thread.start()
        thread.join()
    assert found == [False]


def test_two_functions_of_one_name_are_refused():
    with pytest.raises(FunctionError, match="two functions have the name 'twice'"):
        OpTable((own_op(), own_op()))


def test_fingerprint_depends_on_the_source_of_functions():
    names = []
    for digest in ("1", "2", "1"):
        with OpTable((own_op(digest=digest),)):
            names.append(dsl.fingerprint(dsl.parse(TEXT)))
    assert names[0] == names[2] != names[1]
    with OpTable((own_op(),)):
        lion = dsl.fingerprint(dsl.library.load("lion"))
    assert lion == dsl.fingerprint(dsl.library.load("lion"))


def test_no_value_of_one_table_is_used_for_another():
    twice, thrice = own_op(digest="1"), own_op(digest="2")
    with OpTable((twice,)):
        assert fold("twice", 3.0) == 6.0
    rule = function(name="twice", arity=1, meaning="3 * x")(lambda np, x: 3 * x)
    with OpTable((dataclasses.replace(rule, own=thrice.own),)):
        assert fold("twice", 3.0) == 9.0


@pytest.mark.parametrize(
    "kind, results, reduces",
    [
        ("elementwise", (Kind.SCALAR, Kind.PER_ARRAY, Kind.TREE), False),
        ("row", (Kind.SCALAR, Kind.PER_ARRAY, Kind.TREE), True),
        ("column", (Kind.SCALAR, Kind.PER_ARRAY, Kind.TREE), True),
        ("array", (Kind.SCALAR, Kind.PER_ARRAY, Kind.PER_ARRAY), True),
        ("total", (Kind.SCALAR, Kind.SCALAR, Kind.SCALAR), True),
    ],
)
def test_kinds_of_results(kind, results, reduces):
    op = own_op(own=Own(kind))
    assert tuple(op.infer(each) for each in Kind) == results
    assert op.reduces is reduces


def test_analysis_knows_the_kind():
    text = "def f(w, g, m, lr):\n  m = twice(m + lr)\n  return twice(g) * m, m"
    with OpTable((own_op(),)):
        program = dsl.parse(text)
        assert narrow_states(program) == (Kind.SCALAR,)
        assert measure_work(program).functions == 2
        assert dsl.simplify(program) == program


def test_rules_of_rows_act_on_numbers_as_on_rows_of_one_number():
    op = function(name="f", arity=1, kind="row", meaning="sqrt(sum(x * x))")(
        lambda np, x, axis: np.sqrt(np.sum(x * x, axis, keepdims=True))
    )
    assert op.evaluate(ScalarBackend(np), np.float32(-2.0)) == 2.0
    (row,) = op.evaluate(PytreeBackend(np), (np.array([[3.0, -4.0], [0.0, 1.0]]),))
    np.testing.assert_allclose(row, [[5, 5], [1, 1]])
