"""Which known optimizer a program is: Lion in disguise is Lion, and what is not Lion is not."""

import pytest
from hypothesis import given, settings

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.classification.classifier import (
    MAX_DISTANCE,
    UNSIMPLIFIED_LION,
    Likeness,
    classify,
    same_up_to_constants,
)
from lionhunt.dsl.classification.skeletons import make_skeleton
from tests.support.dsl.programs import programs

SAME_UP_TO_CONSTANTS = [("nesterov", "qhm")]
"""QHM's paper: Nesterov's momentum is QHM with nu = beta (arXiv:1810.06801)."""


def _classify(*statements: str, inputs: str = "w, g, m, lr", outputs: str = "update, m"):
    body = "\n".join(f"  {statement}" for statement in statements)
    return classify(dsl.parse(f"def train({inputs}):\n{body}\n  return {outputs}"))


def _is(found, *names: str) -> bool:
    return found.likeness is Likeness.SAME and found.optimizers == names


@pytest.mark.parametrize(
    "name", [name for name in library.names() if name not in UNSIMPLIFIED_LION]
)
def test_a_program_of_the_library_is_itself(name):
    (same,) = [group for group in SAME_UP_TO_CONSTANTS if name in group] or [(name,)]
    found = classify(library.load(name))
    assert _is(found, *same)
    assert (found.distance, found.differences) == (0, ())


def test_families_that_differ_in_constants_alone():
    assert same_up_to_constants() == SAME_UP_TO_CONSTANTS


@pytest.mark.parametrize("name", UNSIMPLIFIED_LION)
def test_lion_as_it_was_found_is_lion_whose_gradient_is_transformed(name):
    found = classify(library.load(name), library.doc(name))
    assert (found.likeness, found.optimizers) == (Likeness.CHANGED, ("lion",))
    assert found.differences == ("the gradient goes through clip, then arcsin first",)
    assert found.constants["weight_decay"] in (0.4602, 0.46019784)


DISGUISES = {
    "other constants": (
        "update = sign(interp(g, m, 0.5)) + w * 3.0",
        "m = interp(g, m, 0.75)",
        "update = update * lr * 0.25",
    ),
    "sign as x over the root of its square": (
        "c = interp(g, m, 0.9)",
        "m = interp(g, m, 0.99)",
        "update = lr * (c / sqrt(c * c) + w * 0.1)",
    ),
    "sign as x over abs(x)": (
        "c = interp(g, m, 0.9)",
        "m = interp(g, m, 0.99)",
        "update = lr * (c * reciprocal(abs(c)) + w * 0.1)",
    ),
    "interp written out": (
        "c = 0.1 * g + m * 0.9",
        "update = lr * (sign(c) + 0.1 * w)",
        "m = m - 0.01 * m + 0.01 * g",
    ),
    "learning rate multiplied early": (
        "lr = lr * 0.001",
        "wd = lr * 0.1",
        "wd = wd * w",
        "c = sign(interp(g, m, 0.9)) * lr",
        "m = interp(g, m, 0.99)",
        "update = wd + c",
    ),
    "redundant statements": (
        "a = cosh(w)",
        "update = sign(interp(g, m, 0.9))",
        "a = a + update",
        "m = interp(g, m, 0.99)",
        "update = (update + w * 0.1) * lr",
        "a = dot(a, g)",
    ),
    "momentum that is not averaged": (
        "update = (sign(g * 0.1 + m * 0.009) + w * 0.1) * lr",
        "m = m * 0.99 + g",
    ),
    "gradient negated twice": (
        "n = negative(g)",
        "update = (sign(m * 0.9 - n * 0.1) + w * 0.1) * lr",
        "m = interp(negative(n), m, 0.99)",
    ),
    "momentum of the opposite sign": (
        "update = (sign(g * 0.1 - m * 0.9) + w * 0.1) * lr",
        "m = m * 0.99 - g * 0.01",
    ),
    "the sum kept, the sign of a root": (
        "update = (cbrt(sign(tanh(interp(m, g, 0.1)))) + w * 0.1) * lr",
        "m = interp(m, g, 0.01)",
    ),
    "a guard under the root": (
        "c = interp(g, m, 0.9)",
        "update = lr * (c / sqrt(c * c + 1e-16) + w * 0.1)",
        "m = interp(g, m, 0.99)",
    ),
    "a guard in the denominator": (
        "c = interp(g, m, 0.9)",
        "update = lr * (c / (abs(c) + 1e-12) + w * 0.1)",
        "m = interp(g, m, 0.99)",
    ),
}


@pytest.mark.parametrize("statements", DISGUISES.values(), ids=DISGUISES)
def test_lion_in_disguise_is_lion(statements):
    assert _is(_classify(*statements), "lion")


@pytest.mark.parametrize(
    "inputs, outputs, statements",
    [
        ("w, g, v, m, lr", "update, v, m", ("v = tanh(update) * v",)),
        ("w, g, m, v, lr", "update, m, v", ("v = interp(g, v, 0.9)",)),
        ("w, g, m, copy, lr", "update, m, copy", ("copy = m + 0.0",)),
    ],
)
def test_states_that_do_nothing_are_no_difference(inputs, outputs, statements):
    lion = ("update = (sign(interp(g, m, 0.9)) + w * 0.1) * lr", "m = interp(g, m, 0.99)")
    assert _is(_classify(*lion, *statements, inputs=inputs, outputs=outputs), "lion")


def test_two_copies_of_a_state_are_one():
    found = _classify(
        "update = (sign(0.1 * g + 0.4 * m + 0.5 * n) + w * 0.1) * lr",
        "m = interp(g, m, 0.99)",
        "n = n - 0.01 * (n - g)",
        inputs="w, g, n, m, lr",
        outputs="update, n, m",
    )
    assert _is(found, "lion")


NOT_LION = {
    "both averages equal": (
        "update = (sign(interp(g, m, 0.99)) + w * 0.1) * lr",
        "m = interp(g, m, 0.99)",
    ),
    "no weight decay": ("update = sign(interp(g, m, 0.9)) * lr", "m = interp(g, m, 0.99)"),
    "no sign": ("update = (interp(g, m, 0.9) + w * 0.1) * lr", "m = interp(g, m, 0.99)"),
    "no momentum": (
        "update = (sign(interp(g, m, 0.9)) + w * 0.1) * lr",
        "m = interp(w, m, 0.99)",
    ),
    "momentum of signs": (
        "update = (sign(interp(g, m, 0.9)) + w * 0.1) * lr",
        "m = interp(sign(g), m, 0.99)",
    ),
    "momentum that grows": (
        "update = (sign(interp(g, m, 0.9)) + w * 0.1) * lr",
        "m = interp(g, m, 0.99) + m",
    ),
    "gradient less momentum": (
        "update = (sign(g - m) + w * 0.1) * lr",
        "m = interp(g, m, 0.99)",
    ),
    "uphill": (
        "update = (w * 0.1 - sign(interp(g, m, 0.9))) * lr",
        "m = interp(g, m, 0.99)",
    ),
    "weights grow": (
        "update = (sign(interp(g, m, 0.9)) - w * 0.1) * lr",
        "m = interp(g, m, 0.99)",
    ),
    "decay without a schedule": (
        "update = sign(interp(g, m, 0.9)) * lr + w * 0.1",
        "m = interp(g, m, 0.99)",
    ),
    "decay by sign": (
        "update = (sign(interp(g, m, 0.9)) + sign(w) * 0.1) * lr",
        "m = interp(g, m, 0.99)",
    ),
    "decay by square": (
        "update = (sign(interp(g, m, 0.9)) + w * w * 0.1) * lr",
        "m = interp(g, m, 0.99)",
    ),
    "momentum of its own steps": (
        "step = sign(interp(g, m, 0.9))",
        "update = (step + w * 0.1) * lr",
        "m = interp(step, m, 0.99)",
    ),
    "the last gradient": (
        "update = (sign(interp(g, m, 0.9)) + w * 0.1) * lr",
        "m = g * 0.1",
    ),
}


@pytest.mark.parametrize("statements", NOT_LION.values(), ids=NOT_LION)
def test_what_is_not_lion_is_not_called_lion(statements):
    found = _classify(*statements)
    assert not (found.likeness is Likeness.SAME and "lion" in found.optimizers)


def test_lion_with_one_beta_is_the_ablation():
    assert _is(_classify(*NOT_LION["both averages equal"]), "ablation")


@pytest.mark.parametrize(
    "name, difference",
    [
        ("no weight decay", "no weight decay"),
        ("momentum of signs", "the gradient goes through sign first"),
        ("momentum that grows", "the momentum grows instead of decaying"),
        ("weights grow", "learning rate * weights has the opposite sign"),
        ("decay by sign", "sign of the weights"),
        ("decay by square", "the weights are raised to the power 2"),
    ],
)
def test_a_change_is_told(name, difference):
    found = _classify(*NOT_LION[name])
    assert (found.likeness, found.optimizers) == (Likeness.CHANGED, ("lion",))
    assert found.differences == (difference,)


def test_a_function_in_the_update_and_in_a_state_is_told_of_both():
    found = _classify(*NOT_LION["momentum of its own steps"])
    assert "the update and the momentum pass through sign" in found.differences


@pytest.mark.parametrize(
    "own, name", [("interp(w, n, 0.9)", "an average of the weights"), ("tanh(n + g)", "a momentum")]
)
def test_one_large_part_with_a_state_of_its_own_hides_nothing(own, name):
    found = _classify(
        "update = (sign(interp(g, m, 0.9)) + w * 0.1 + cos(tanh(sin(n) * g)) * 0.001) * lr",
        "m = interp(g, m, 0.99)",
        f"n = {own}",
        inputs="w, g, m, n, lr",
        outputs="update, m, n",
    )
    assert found.optimizers == ("lion",)
    assert f"also keeps {name}" in found.differences


def test_a_change_of_several_known_programs_names_all():
    found = _classify(*NOT_LION["no sign"])
    assert (found.likeness, found.optimizers) == (Likeness.CHANGED, ("nesterov", "qhm"))
    assert found.differences == ("with weight decay",)


def test_what_has_little_in_common_is_unlike_anything():
    found = _classify(
        "a = cosine_sim(g, w) * exp(norm(m))",
        "update = arctan(w / (a + g)) * max(m, cos(g))",
        "m = log(norm(update) + sqrt(g)) * min(m, w)",
    )
    assert found.likeness is Likeness.UNLIKE
    assert found.distance > MAX_DISTANCE


@pytest.mark.parametrize("line", ["g = sin(g)", "g = tanh(g)", "g = max(w, cos(g)) * g"])
def test_a_long_program_is_unlike_anything(line):
    found = _classify(*[line] * 600, "m = sign(g) + m", outputs="g, m")
    assert found.likeness is Likeness.UNLIKE


def test_the_names_of_many_states_that_nothing_tells_apart_do_not_matter():
    averages, ring = [f"m{i}" for i in range(6)], ["n0", "n1", "n2"]
    states = ", ".join([*ring, *averages])

    def ring_of_states(turn):
        lines = [f"{name} = interp(g, {name}, 0.{i + 1})" for i, name in enumerate(averages)]
        lines += [f"x{i} = g + 0.{i + 1} * n{i} + tanh(n{(i + turn) % 3})" for i in range(3)]
        body = "\n  ".join([*lines, f"update = {states.replace(',', ' +')}"])
        outputs = ", ".join(["update", "x0", "x1", "x2", *averages])
        return dsl.parse(f"def f(w, g, {states}, lr):\n  {body}\n  return {outputs}")

    assert make_skeleton(ring_of_states(1)) == make_skeleton(ring_of_states(2))


@given(programs())
@settings(max_examples=60, deadline=None)
def test_any_program_has_a_nearest(program):
    found = classify(program)
    assert 0 <= found.distance <= 1
    assert (found.distance == 0) == (found.likeness is Likeness.SAME)
    assert bool(found.differences) == (0 < found.distance < 1)


def test_one_large_part_is_a_smaller_difference_than_many_small_ones():
    found = _classify(
        "v = interp(square(g), v, 0.999)",
        "update = g / sqrt(v) + w * 0.01",
        "update = update * lr",
        inputs="w, g, v, lr",
        outputs="update, v",
    )
    assert (found.optimizers, found.differences) == (("rmsprop",), ("with weight decay",))
