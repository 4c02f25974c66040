"""The classifier recognises Lion in disguise, and calls no other program Lion."""

import pytest
from hypothesis import given, settings

from lionhunt import dsl
from lionhunt.dsl import library
from lionhunt.dsl.classification.classifier import (
    MAX_DISTANCE,
    UNSIMPLIFIED_LION,
    Likeness,
    classify,
)
from lionhunt.dsl.classification.skeletons import make_skeleton
from tests.support.dsl.library_programs import each_program
from tests.support.dsl.programs import programs

KNOWN = [name for name in library.names() if name not in UNSIMPLIFIED_LION]
SAME_UP_TO_CONSTANTS = [("nesterov", "qhm")]
"""QHM's paper: Nesterov's momentum is QHM with nu = beta (arXiv:1810.06801)."""


def _classify(*statements: str, inputs: str = "w, g, m, lr", outputs: str = "update, m"):
    body = "\n".join(f"  {statement}" for statement in statements)
    return classify(dsl.parse(f"def train({inputs}):\n{body}\n  return {outputs}"))


def _is(result, *names: str) -> bool:
    return result.likeness is Likeness.SAME and result.optimizers == names


@each_program(KNOWN, quick=("sgd", "lion", "adamw", "adafactor"))
def test_a_program_of_the_library_is_itself(name):
    (same,) = [group for group in SAME_UP_TO_CONSTANTS if name in group] or [(name,)]
    result = classify(library.load(name))
    assert _is(result, *same)
    assert (result.distance, result.differences) == (0, ())


@pytest.mark.slow
def test_families_that_differ_in_constants_alone():
    groups: dict[object, tuple[str, ...]] = {}
    for name in KNOWN:
        tree = make_skeleton(library.load(name))
        groups[tree] = (*groups.get(tree, ()), name)
    assert [group for group in groups.values() if len(group) > 1] == SAME_UP_TO_CONSTANTS


@pytest.mark.parametrize("name", UNSIMPLIFIED_LION)
def test_unsimplified_lion_is_lion_with_a_transformed_gradient(name):
    result = classify(library.load(name), library.doc(name))
    assert (result.likeness, result.optimizers) == (Likeness.CHANGED, ("lion",))
    assert result.differences == ("the gradient goes through clip, then arcsin first",)
    assert result.constants["weight_decay"] in (0.4602, 0.46019784)


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
    result = _classify(
        "update = (sign(0.1 * g + 0.4 * m + 0.5 * n) + w * 0.1) * lr",
        "m = interp(g, m, 0.99)",
        "n = n - 0.01 * (n - g)",
        inputs="w, g, n, m, lr",
        outputs="update, n, m",
    )
    assert _is(result, "lion")


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
    result = _classify(*statements)
    assert not (result.likeness is Likeness.SAME and "lion" in result.optimizers)


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
def test_a_change_is_described(name, difference):
    result = _classify(*NOT_LION[name])
    assert (result.likeness, result.optimizers) == (Likeness.CHANGED, ("lion",))
    assert result.differences == (difference,)


def test_a_function_in_the_update_and_in_a_state_is_described_for_both():
    result = _classify(*NOT_LION["momentum of its own steps"])
    assert "the update and the momentum pass through sign" in result.differences


@pytest.mark.parametrize(
    "own, name", [("interp(w, n, 0.9)", "an average of the weights"), ("tanh(n + g)", "a momentum")]
)
def test_one_large_part_with_a_state_of_its_own_hides_nothing(own, name):
    result = _classify(
        "update = (sign(interp(g, m, 0.9)) + w * 0.1 + cos(tanh(sin(n) * g)) * 0.001) * lr",
        "m = interp(g, m, 0.99)",
        f"n = {own}",
        inputs="w, g, m, n, lr",
        outputs="update, m, n",
    )
    assert result.optimizers == ("lion",)
    assert f"also keeps {name}" in result.differences


def test_a_change_of_several_known_programs_names_all():
    result = _classify(*NOT_LION["no sign"])
    assert (result.likeness, result.optimizers) == (Likeness.CHANGED, ("nesterov", "qhm"))
    assert result.differences == ("with weight decay",)


def test_what_has_little_in_common_is_unlike_anything():
    result = _classify(
        "a = cosine_sim(g, w) * exp(norm(m))",
        "update = arctan(w / (a + g)) * max(m, cos(g))",
        "m = log(norm(update) + sqrt(g)) * min(m, w)",
    )
    assert result.likeness is Likeness.UNLIKE
    assert result.distance > MAX_DISTANCE


@pytest.mark.slow
@pytest.mark.parametrize("line", ["g = sin(g)", "g = tanh(g)", "g = max(w, cos(g)) * g"])
def test_a_long_program_is_unlike_anything(line):
    result = _classify(*[line] * 600, "m = sign(g) + m", outputs="g, m")
    assert result.likeness is Likeness.UNLIKE


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
    result = classify(program)
    assert 0 <= result.distance <= 1
    assert (result.distance == 0) == (result.likeness is Likeness.SAME)
    assert bool(result.differences) == (0 < result.distance < 1)


def test_one_large_part_is_a_smaller_difference_than_many_small_ones():
    result = _classify(
        "v = interp(square(g), v, 0.999)",
        "update = g / sqrt(v) + w * 0.01",
        "update = update * lr",
        inputs="w, g, v, lr",
        outputs="update, v",
    )
    assert (result.optimizers, result.differences) == (("rmsprop",), ("with weight decay",))


def test_a_state_that_stays_zero_is_no_state():
    zero = _classify("m = interp(g, m, 1.0)", "update = sign(interp(g, m, 0.9)) * lr")
    assert _is(zero, "signsgd")


def test_a_state_that_is_a_number_after_the_first_step_is_the_number():
    result = _classify(
        "m = interp(g, m, 0.9)",
        "update = sign(m) * s * lr",
        "s = max(s, 1.0)",
        inputs="w, g, m, s, lr",
        outputs="update, m, s",
    )
    assert _is(result, "signum")


def test_long_parts_are_equal_only_if_all_their_constants_are():
    def tree(line):
        return make_skeleton(
            dsl.parse("def f(w, g, lr):\n" + f"  {line}\n" * 300 + "  return g * lr")
        )

    assert tree("g = sin(g) + 0.1") == tree("g = 0.1 + sin(g)")
    assert tree("g = sin(g) + 0.1") != tree("g = sin(g) + 0.2")
