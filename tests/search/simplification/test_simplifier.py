"""Simplification with planted losses, of random programs, and with real training."""

import numpy as np
import pytest
from hypothesis import assume, given, settings

from lionhunt import dsl
from lionhunt.dsl.analysis.canonical import canonicalize
from lionhunt.dsl.analysis.functional_equivalence import updates_on_probe
from lionhunt.dsl.edits.ablations import list_removals
from lionhunt.dsl.execution.bytecode import assemble
from lionhunt.dsl.program import Const, Program, Var
from lionhunt.dsl.rewriting import Justification
from lionhunt.proxy_tasks import DigitsMLP
from lionhunt.search.simplification.config import SimplifyConfig
from lionhunt.search.simplification.measure import ChangeVerdict
from lionhunt.search.simplification.open_measurer import open_measurer
from lionhunt.search.simplification.simplifier import (
    Refusal,
    SimplificationEvent,
    SimplificationStep,
    Simplifier,
    final_program,
)
from tests.support.dsl.programs import MODERATE, programs
from tests.support.search.planted_scores import FAILED, PROGRAM, make_measurer, ok, planted

PROVEN = (Justification.EXACT, Justification.ALGEBRAIC)

WITH_JUNK = dsl.parse(
    """def junk(w, g, m, dead, lr):
      unused = cosh(w)
      m = interp(g, m, 0.8999999761581421)
      update = sinh(m)
      update = tanh(update)
      update = arctan(update)
      update = exp(update)
      wd = w * 0.1
      wd = wd - 0.0
      update = update + wd
      dead = sin(update)
      return update, m, dead"""
)


def simplifier(measurer=None, justifications=PROVEN) -> Simplifier:
    return Simplifier(justifications, measurer, rewrite_seconds=1.0)


def steps(events: list[SimplificationEvent]) -> list[SimplificationStep]:
    return [event for event in events if isinstance(event, SimplificationStep)]


def refusals(events: list[SimplificationEvent]) -> dict[str, ChangeVerdict]:
    refused = [event for event in events if isinstance(event, Refusal)]
    assert len({refusal.rule for refusal in refused}) == len(refused)
    return {refusal.rule: refusal.evidence.verdict for refusal in refused}


def functions(program: Program) -> list[str]:
    return [statement.op for statement in program.statements]


def test_harmless_functions_go_smallest_loss_first():
    events = list(simplifier(make_measurer()).remove(PROGRAM))
    assert [(step.rule, step.justification, step.kind) for step in steps(events)] == [
        ("remove update = tanh(update), keep update", "measured", "remove"),
        ("remove update = sinh(m), keep m", "measured", "remove"),
        ("remove update = arctan(m), keep m", "measured", "remove"),
    ]
    assert functions(final_program(PROGRAM, events)) == ["interp", "cbrt", "exp", "multiply", "add"]
    for step in steps(events):
        assert step.evidence is not None and step.evidence.verdict is ChangeVerdict.HARMLESS
        assert [task.num_seeds for task in step.evidence.tasks] == [6, 6]
    losses = [step.evidence.worst_loss for step in steps(events) if step.evidence]
    assert losses == pytest.approx([0.0, 0.01, 0.012], abs=3e-4)


def test_harmful_and_undecided_removals_are_refused():
    events = list(simplifier(make_measurer()).remove(PROGRAM))
    harmful, undecided = ChangeVerdict.HARMFUL, ChangeVerdict.UNDECIDED
    assert refusals(events) == {
        "remove m = interp(g, m, 0.9), keep g": harmful,
        "remove m = interp(g, m, 0.9), keep m": harmful,
        "remove update = cbrt(m), keep m": undecided,
        "remove update = exp(update), keep update": harmful,
        "remove update = update + wd, keep update": harmful,
        "remove update = update + wd, keep wd": harmful,
    }


@pytest.mark.parametrize("order_seed", [1, 2, 3])
def test_the_order_of_answers_changes_no_step(order_seed):
    runs = [
        list(simplifier(make_measurer(planted, seed)).run(WITH_JUNK)) for seed in (0, order_seed)
    ]
    assert runs[0] == runs[1]


def test_equal_lines_have_a_refusal_each():
    program = dsl.parse("def f(w, g, lr):\n  g = tan(g)\n  g = g - w\n  g = tan(g)\n  return g")
    own = assemble(program).vector_code

    def score(bytecode, seed, task):
        return ok(1.0) if np.array_equal(bytecode.vector_code, own) else FAILED

    events = list(simplifier(make_measurer(score)).remove(program))
    rules = [event.rule for event in events]
    assert rules.count("remove g = tan(g), keep g") == 2
    assert not steps(events)


def test_a_program_with_planted_junk_comes_back_without():
    events = list(simplifier(make_measurer()).run(WITH_JUNK))
    result = final_program(WITH_JUNK, events)
    assert str(result) == "\n".join(
        [
            "def train(weight, gradient, momentum, lr):",
            "  momentum = interp(gradient, momentum, 0.9)",
            "  update = exp(momentum)",
            "  weight_decay = weight * 0.1",
            "  update = update + weight_decay",
            "  return update, momentum",
        ]
    )
    kinds = [step.kind for step in steps(events)]
    assert kinds[:3] == ["redundant", "dead state", "round"]
    assert kinds.count("remove") == 3 and kinds[-1] == "name"
    justifications = {step.kind: step.justification for step in steps(events)}
    assert justifications["redundant"] == justifications["name"] == Justification.EXACT


def test_each_step_starts_from_the_one_before():
    program = WITH_JUNK
    for step in steps(list(simplifier(make_measurer()).run(WITH_JUNK))):
        dsl.infer(step.program)
        assert step.program != program and step.num_statements == len(step.program.statements)
        if step.kind == "remove":
            assert step.program in [removal.program for removal in list_removals(program)]
        elif step.kind in ("redundant", "dead state", "name", "round"):
            assert dsl.fingerprint(step.program) == dsl.fingerprint(program)
        if step.kind != "rewrite":
            assert step.num_statements <= len(program.statements)
        program = step.program


@settings(max_examples=30)
@given(programs(constants=MODERATE, max_statements=10))
def test_proven_steps_compute_the_same_updates(program):
    events = list(simplifier().run(program))
    assert {step.justification for step in steps(events)} <= set(PROVEN)
    assert not refusals(events)
    result = final_program(program, events)
    assert len(result.statements) <= len(dsl.simplify(program).statements)
    before, after = (updates_on_probe(canonicalize(each)) for each in (program, result))
    usual = (np.abs(before) > 1e-3) & (np.abs(before) < 1e3) & np.isfinite(after)
    assume(usual.any())
    # A sign or a cosine may differ if rounding decides on its argument.
    assert np.mean(~np.isclose(after[usual], before[usual], rtol=1e-4)) <= 0.05


@pytest.mark.parametrize("name", ["raw_lion", "lion", "adamw", "discovered_lion", "qhm"])
def test_proven_steps_of_the_library(name):
    program = dsl.library.load(name)
    events = list(simplifier().run(program))
    assert {step.justification for step in steps(events)} <= set(PROVEN)
    before, after = (
        updates_on_probe(canonicalize(each)) for each in (program, final_program(program, events))
    )
    np.testing.assert_allclose(after, before, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("output", ["g", "lr", "0.5", "-0.0", "m"])
def test_a_program_without_statements(output):
    program = dsl.parse(f"def f(w, g, m, lr): return {output}, g")
    measurer = make_measurer(lambda bytecode, seed, task: ok(1.0 + seed))
    events = list(simplifier(measurer).run(program))
    assert not refusals(events) and measurer.num_trainings == 0
    result = final_program(program, events)
    assert result.statements == () and dsl.fingerprint(result) == dsl.fingerprint(program)


CONSTANTS = dsl.parse(
    """def constants(w, g, m, lr):
      m = interp(g, m, 0.8973)
      update = sin(m)
      update = update * 0.996
      wd = w * 0.46019784
      update = update + wd
      return update, m"""
)


def by_constants(bytecode, seed, task):
    """Return a score that is worse if the decay of the momentum is not about 0.897."""
    decay = min((float(x) for x in bytecode.scalar_registers), key=lambda x: abs(x - 0.8973))
    loss = 0.0 if abs(decay - 0.8973) < 0.001 else 0.3
    return ok((1 + seed) * (1 - loss if task else 1 + loss))


def test_constants_keep_the_digits_that_matter():
    events = list(simplifier(make_measurer(by_constants)).round(CONSTANTS))
    changes = [(type(event).__name__, event.rule, event.justification) for event in steps(events)]
    assert changes == [
        ("SimplificationStep", "round 0.8973 to 0.897", "measured"),
        ("SimplificationStep", "round 0.996 to 1.0", "measured"),
        ("SimplificationStep", "round 0.46019784 to 0.5", "measured"),
        # A factor of 1 is redundant.
        ("SimplificationStep", changes[-1][1], "exact"),
    ]
    assert refusals(events) == {"round 0.8973 to 0.9": ChangeVerdict.HARMFUL}
    result = final_program(CONSTANTS, events)
    assert functions(result) == ["interp", "sin", "multiply", "add"]
    args = [arg for statement in result.statements for arg in statement.args]
    assert [arg.value for arg in args if isinstance(arg, Const)] == [0.897, 0.5]
    first = steps(events)[0]
    assert (first.before, first.after) == ("m = interp(g, m, 0.8973)", "m = interp(g, m, 0.897)")


def test_a_suggestion_is_taken_if_it_costs_nothing():
    harmful = dsl.parse("def f(w, g, lr): return exp(g)")
    good = next(r.program for r in list_removals(PROGRAM) if "tanh" in r.statement)
    asked = []

    def suggest(program):
        asked.append(program)
        return [harmful, good, PROGRAM]

    taking = Simplifier((Justification.EXACT,), make_measurer(), 1.0, suggest)
    events = list(taking.take_suggestion(PROGRAM))
    assert asked == [PROGRAM]
    assert [type(event).__name__ for event in events] == ["Refusal", "SimplificationStep"]
    assert final_program(PROGRAM, events) == good
    assert list(Simplifier(PROVEN, None, 1.0, suggest).take_suggestion(PROGRAM)) == []


def test_real_training_removes_what_does_nothing():
    program = dsl.parse(
        """def f(w, g, m, lr):
          m = interp(g, m, 0.5)
          drift = w * 1e-30
          update = m + drift
          return update, m"""
    )
    task = DigitsMLP(num_steps=60, batch_size=32, width=8, depth=1, metric="loss")
    config = SimplifyConfig(tasks=(task,), num_seeds=(3, 5), tolerance=0.05)
    with open_measurer(program, config, num_workers=0) as measurer:
        assert measurer.learning_rate == 1.0
        events = list(simplifier(measurer).run(program))
    rules = [step.rule for step in steps(events) if step.justification == "measured"]
    assert "remove update = m + drift, keep m" in rules
    result = final_program(program, events)
    read = {str(arg) for statement in result.statements for arg in statement.args}
    assert str(Var(result.weights)) not in read and str(Var(result.gradient)) in read
    nothing_learnt = "remove m = interp(g, m, 0.5), keep m"
    assert refusals(events)[nothing_learnt] is ChangeVerdict.HARMFUL


def _proven_steps(text: str, justifications):
    return steps(list(Simplifier(justifications, None, 5.0).run(dsl.parse(text))))


ONE = """def f(w, g, m, s, lr):
  m = interp(g, m, 0.9)
  u = sign(m) * s
  s = 1.0
  return u, m, s"""


def test_a_state_that_settles_goes_with_a_justification_of_its_own():
    made = _proven_steps(ONE, tuple(Justification))
    step = made[0]
    assert (step.kind, step.justification) == ("constant state", Justification.SETTLED)
    assert "s holds 1 at every step after the first step" in step.rule
    assert "s holds another number there" in step.condition
    assert [s.op for s in final_program(dsl.parse(ONE), made).statements] == ["interp", "sign"]


def test_a_state_that_settles_stays_in_exact_steps():
    kinds = [step.kind for step in _proven_steps(ONE, PROVEN)]
    assert "constant state" not in kinds


def test_a_state_that_stays_zero_goes_exactly():
    text = "def f(w, g, m, lr):\n  m = interp(g, m, 1.0)\n  return sign(interp(g, m, 0.9)), m"
    made = _proven_steps(text, PROVEN)
    (step,) = [step for step in made if step.kind == "constant state"]
    assert (step.justification, step.condition) == (Justification.EXACT, "")
    assert str(final_program(dsl.parse(text), made)).count(" = ") == 1
