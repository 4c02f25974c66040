"""Programs are recognised by their updates, however they are written."""

import pytest

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.behavior import Known, compare_behavior
from lionhunt.dsl.behavior.agreement import cosine
from lionhunt.dsl.behavior.wording import SAME, describe_behavior, describe_nearest
from tests.support.dsl.records import make_record

RECORDS = (make_record(0), make_record(1))


@pytest.fixture(scope="module")
def known() -> Known:
    return Known(RECORDS)


def _parse(*statements: str, inputs: str = "w, g, m, lr", outputs: str = "u * lr, m"):
    body = "\n  ".join(statements)
    return dsl.parse(f"def f({inputs}):\n  {body}\n  return {outputs}")


def _stateless(update: str):
    return dsl.parse(f"def f(w, g, lr): return {update} * lr")


M = "m = interp(g, m, 0.9)"
DISGUISES = {
    "a sign by tanh": (_stateless("tanh(g * 1e7)"), "signsgd"),
    "a sign by a root": (_stateless("g / sqrt(square(g) + 1e-20)"), "signsgd"),
    "a sign by a small power": (_stateless("power(abs(g), 0.001) * sign(g)"), "signsgd"),
    "a sign by arctan": (_stateless("arctan(g * 1e7)"), "signsgd"),
    "a gradient by its logarithm": (_stateless("exp(log(g)) * sign(g)"), "sgd"),
    "a gradient by sinh": (_stateless("sinh(g * 0.001)"), "sgd"),
    "a gradient with weight decay": (_stateless("(g * 0.01 + w * 0.3)"), "sgd"),
    "a momentum of another scale": (_parse("m = m * 0.9 + g * 7.0", "u = m"), "momentum"),
    "a momentum by differences": (_parse("m = m - 0.1 * (m - g)", "u = m * 3.0"), "momentum"),
    "a momentum with another decay": (_parse("m = m * 0.8 + g", "u = m"), "momentum"),
    "a sign of a momentum by tanh": (_parse(M, "u = tanh(m * 1e7)"), "signum"),
    "a sign of a rescaled momentum": (_parse("m = m * 0.9 + g", "u = m / abs(m)"), "signum"),
    "Lion by arctan": (
        _parse("u = arctan(interp(g, m, 0.9) * 1e7)", "m = interp(g, m, 0.99)"),
        "lion",
    ),
    "Lion without decay, with other constants": (
        _parse("u = sign(interp(g, m, 0.8))", "m = interp(g, m, 0.95)"),
        "lion",
    ),
}


@pytest.mark.parametrize("program, name", DISGUISES.values(), ids=DISGUISES)
def test_a_disguise_behaves_as_the_optimizer(known, program, name):
    behavior = compare_behavior(program, known)
    assert behavior.nearest[0].fitted_cosine >= SAME
    assert name in behavior.nearest[0].optimizers


@pytest.mark.parametrize("name", ["adamw", "muon", "rmsprop"])
def test_a_known_optimizer_behaves_as_itself(known, name):
    behavior = compare_behavior(library.load(name), known)
    assert name in behavior.nearest[0].optimizers
    assert behavior.nearest[0].cosine == pytest.approx(1)
    assert f"behaves as {behavior.nearest[0].name}" in describe_nearest(behavior)


def test_fitted_constants_are_those_of_a_rescaled_state(known):
    program = _parse("u = sign(interp(g, m, 0.9))", "m = m * 0.99 + g")
    nearest = compare_behavior(program, known, like=("lion",)).nearest[0]
    assert nearest.optimizers == ("lion",)
    assert nearest.cosine < 0.9 < nearest.fitted_cosine
    assert nearest.constants["beta1"] == pytest.approx(90 / 90.1, abs=3e-4)
    assert nearest.constants["beta2"] == pytest.approx(0.99, abs=3e-3)


def test_a_smooth_sign_is_between_a_gradient_and_its_sign(known):
    behavior = compare_behavior(_stateless("g / sqrt(0.001 * square(g) + 1e-5)"), known)
    # DoWG is SGD with a step size of its own.
    assert behavior.nearest[0].name in ("sgd", "dowg")
    assert behavior.own is not None
    assert 1.5 < behavior.own.growth < 9.5
    assert behavior.at_factors[100.0][0] == "signsgd"
    phrases = describe_behavior(behavior)
    assert any(phrase.startswith("gradients above ") for phrase in phrases)
    assert any("with all gradients times 100, signsgd is nearer" in phrase for phrase in phrases)


def test_the_age_of_gradients_is_seen(known):
    behavior = compare_behavior(library.load("momentum"), known)
    assert behavior.own is not None
    effects = behavior.own.effects
    assert sum(effects) == pytest.approx(1)
    ratios = [later / effect for effect, later in zip(effects, effects[1:], strict=False)]
    assert ratios == pytest.approx([0.9] * len(ratios), rel=1e-3)


def test_weight_decay_is_no_difference_of_updates_but_is_told(known):
    behavior = compare_behavior(_stateless("(sign(g) * 0.5 + w * 0.1)"), known)
    assert behavior.nearest[0].name == "signsgd"
    assert behavior.nearest[0].cosine == pytest.approx(1)
    assert describe_behavior(behavior) == ["weight decay of 0.2 (signsgd: 0)"]


@pytest.mark.parametrize(
    "update, problem",
    [
        ("g * reciprocal(g - g)", "its update is not finite at step 1 of a training"),
        ("g * 0.0", "it moves no weight"),
        ("w * 0.1", "it moves no weight, apart from weight decay"),
    ],
)
def test_a_program_without_updates_has_no_neighbors(known, update, problem):
    behavior = compare_behavior(_stateless(update), known)
    assert behavior.nearest == ()
    assert problem in describe_nearest(behavior)
    assert describe_behavior(behavior) == []


def test_steps_of_other_lengths_lower_the_cosine():
    updates = [record.gradients for record in RECORDS]
    assert cosine(updates, [-2 * each for each in updates]) == pytest.approx(-1)
    halted = [each.copy() for each in updates]
    for each in halted:
        each[20:] = 0
    assert 0 < cosine(updates, halted) < 0.9
