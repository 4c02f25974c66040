"""The user's fitness: what it gets, what it may return, and what happens if it does otherwise."""

# pyright: reportArgumentType=false, reportAttributeAccessIssue=false

import dataclasses
import math
import textwrap

import pytest

from lionhunt import dsl
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.properties import find_properties
from lionhunt.dsl.analysis.work import measure_cost
from lionhunt.search.driver.judging.config import EvaluationConfig
from lionhunt.search.driver.judging.judge import CHECK_EVERY, Judge
from lionhunt.search.errors import SourceError, UserCodeError
from lionhunt.search.evaluation.evaluated import Evaluated
from lionhunt.search.evaluation.outcome import Measurement, Status

LION = dsl.library.load("raw_lion")
TASKS = [
    {"name": "digits", "metric": "accuracy", "higher_is_better": True},
    {"name": "text", "metric": "loss", "higher_is_better": False},
]
REFERENCE = Measurement(Status.OK, (0.8, 4.0), ((2.0, 1.0), (5.0, 4.0)))
BETTER = Measurement(Status.OK, (0.9, 3.0), ((2.0, 0.5), (5.0, 3.0)), multiples=(4.0, 0.5))


@pytest.fixture
def judge_of(tmp_path):
    def make(code, **options):
        file = tmp_path / "own.py"
        file.write_text(textwrap.dedent(code))
        config = EvaluationConfig(fitness=f"{file}:combine", **options)
        return Judge(config, TASKS)

    return make


def returning(text):
    return f"def combine(evaluated):\n    return {text}"


def test_function_gets_scores_gains_curves_and_properties(judge_of, monkeypatch):
    seen: list[Evaluated] = []
    judge = judge_of(
        "seen = None\ndef combine(evaluated):\n    seen.append(evaluated)\n    return 1"
    )
    judge._function._function.__globals__["seen"] = seen
    judge.judge(LION, BETTER, REFERENCE)
    evaluated = seen[0]
    digits, text = evaluated.tasks
    assert (digits.name, digits.metric, digits.higher_is_better) == ("digits", "accuracy", True)
    assert evaluated.scores == (0.9, 3.0) and text.reference_score == 4.0
    assert evaluated.gains == (pytest.approx(0.1 / 0.8), pytest.approx(0.25))
    assert evaluated.fitness == pytest.approx((0.125 + 0.25) / 2)
    assert evaluated.curves == BETTER.curves and text.reference_curve == (5.0, 4.0)
    assert (digits.multiple, text.multiple) == (4.0, 0.5)
    assert evaluated.program == dsl.simplify(LION) != LION
    assert evaluated.cost == measure_cost(canonicalize(LION))
    assert evaluated.properties == find_properties(LION)
    with pytest.raises(dataclasses.FrozenInstanceError):
        digits.score = 1.0


def test_gain_is_in_the_units_of_the_run(tmp_path):
    (tmp_path / "own.py").write_text(returning("evaluated.gains[1]"))
    config = EvaluationConfig(fitness=f"{tmp_path / 'own.py'}:combine")
    outcome = Judge(config, TASKS, units=(1.0, 0.125)).judge(LION, BETTER, REFERENCE)
    assert outcome.fitness == pytest.approx(2.0)


@pytest.mark.parametrize(
    "text, fitness, objectives",
    [
        ("2", 2.0, ()),
        ("__import__('numpy').float32(0.5)", 0.5, ()),
        ("(0.25,)", 0.25, ()),
        ("(1, 2.5, -3)", 1.0, (2.5, -3.0)),
        ("evaluated.fitness", pytest.approx(0.1875), ()),
    ],
)
def test_a_number_or_a_tuple_is_an_outcome(text, fitness, objectives, judge_of):
    outcome = judge_of(returning(text)).judge(LION, BETTER, REFERENCE)
    assert (outcome.fitness, outcome.objectives) == (fitness, objectives)
    assert outcome.measurement == BETTER


def test_none_is_a_failure(judge_of):
    outcome = judge_of(returning("None")).judge(LION, BETTER, REFERENCE)
    assert outcome.fitness is None and outcome.measurement.status is Status.UNFIT
    assert outcome.measurement.curves == BETTER.curves


def test_a_failed_training_never_reaches_the_function(judge_of):
    judge = judge_of(returning("1 / 0"))
    failed = Measurement(Status.HURDLE, (), ((3.0,),))
    assert judge.judge(LION, failed, REFERENCE).measurement == failed


@pytest.mark.parametrize(
    "text, message",
    [
        ("float('nan')", "returns nan; return a finite number, or None for a failed program"),
        ("1.0, float('inf')", "returns inf; return a finite number"),
        ("'0.5'", r"returns str where a number belongs; convert it with float\(...\)"),
        ("__import__('numpy').ones(3)", "returns ndarray where a number belongs"),
        ("__import__('jax').numpy.float32(3)", "returns .* where a number belongs"),
        ("[1.0, 2.0]", "returns list where a number belongs"),
        ("1.0, None", "returns NoneType where a number belongs"),
        ("()", "returns an empty tuple"),
        ("evaluated.scores[7]", r"raises IndexError: .*own\.py, line 2\)"),
        ("exit()", r"raises SystemExit"),
    ],
)
def test_anything_else_is_one_line(text, message, judge_of):
    with pytest.raises(UserCodeError, match=f"^own.py:combine {message}") as raised:
        judge_of(returning(text)).judge(LION, BETTER, REFERENCE)
    assert "\n" not in str(raised.value)


def test_error_names_the_line_of_a_file_beside(judge_of, tmp_path):
    (tmp_path / "beside_judge.py").write_text("\n\ndef half(x):\n    return x / 0\n")
    code = "from beside_judge import half\ndef combine(evaluated):\n    return half(1)"
    with pytest.raises(UserCodeError, match=r"beside_judge\.py, line 4\)"):
        judge_of(code).judge(LION, BETTER, REFERENCE)


def test_number_of_objectives_must_not_change(judge_of):
    judge = judge_of(returning("(1.0, 2.0) if evaluated.scores[0] > 0.85 else 1.0"))
    judge.judge(LION, REFERENCE, REFERENCE)
    with pytest.raises(UserCodeError, match="returns 2 numbers, and returned 1 before"):
        judge.judge(LION, BETTER, REFERENCE)


def test_a_function_that_depends_on_more_than_its_argument_is_found(judge_of):
    code = "import random\ndef combine(evaluated):\n    return random.random()"
    with pytest.raises(UserCodeError, match=r"returns 0\.\d+ and then 0\.\d+ for the same program"):
        judge_of(code).judge(LION, BETTER, REFERENCE)


def test_it_is_looked_at_now_and_then(judge_of):
    # Memory that shows after a while, as of a growing average.
    code = "n = 0\ndef combine(e):\n    global n\n    n += 1\n    return 0.0 if n < 20 else n"
    judge = judge_of(code)
    with pytest.raises(UserCodeError, match="for the same program"):
        for _ in range(CHECK_EVERY + 1):
            judge.judge(LION, BETTER, REFERENCE)


def test_a_function_that_hangs_is_stopped(judge_of):
    code = """
        def combine(evaluated):
            while True:
                try:
                    evaluated.x
                except Exception:
                    pass
    """
    judge = judge_of(code, candidate_seconds=0.2)
    with pytest.raises(UserCodeError, match=r"takes longer than evaluation\.candidate_seconds \(0"):
        judge.judge(LION, BETTER, REFERENCE)


def test_reference_must_have_the_fitness_that_it_had(judge_of):
    judge = judge_of(returning("evaluated.scores[0]"))
    judge.check(LION, REFERENCE)
    judge.check(LION, REFERENCE, 0.8)
    with pytest.raises(UserCodeError, match=r"returns 0\.8 for the reference, and returned 0\.7 w"):
        judge.check(LION, REFERENCE, 0.7)
    with pytest.raises(UserCodeError, match="returns None for the reference"):
        judge_of(returning("None")).check(LION, REFERENCE)


@pytest.mark.parametrize(
    "code, message",
    [
        ("def combine():\n    return 1", r"must take \(evaluated\), not \(\)"),
        ("def combine(a, b):\n    return 1", r"must take \(evaluated\), not \(a, b\): missing"),
        ("combine = 1.0", "is no function but of type float"),
        ("def combine(e):\n    return (", "own.py is not Python: line 2"),
        ("import nowhere_at_all\ndef combine(e):\n    return 1", "cannot import .*line 1: ModuleN"),
        ("def combined(e):\n    return 1", "has no 'combine'; did you mean 'combined'"),
    ],
)
def test_what_is_no_such_function_is_refused(code, message, judge_of):
    with pytest.raises(SourceError, match=message) as raised:
        judge_of(code)
    assert "\n" not in str(raised.value)


def test_without_a_function_the_gains_are_combined():
    outcome = Judge(EvaluationConfig(combination="min"), TASKS).judge(LION, BETTER, REFERENCE)
    assert outcome.fitness == pytest.approx(0.125) and outcome.objectives == ()
    assert math.isfinite(outcome.fitness)
