"""AdaBelief's examples against closed forms worked out by hand."""

import numpy as np
import pytest

from lionhunt.dsl import library, parse
from lionhunt.search.paper.toy_problems.adabelief_examples import (
    NAMES,
    REGIONS,
    follow,
    measure_paths,
    measure_regions,
    step_sizes,
)

STEPS = np.array([1, 2, 3, 10, 200])
B1, B2 = 0.9, 0.999


def sizes(name):
    """Return step sizes by region; shape=(regions, steps)."""
    return step_sizes(library.load(name), STEPS.tolist()).T


def test_adam_steps_by_the_learning_rate_wherever_the_gradient_is_constant():
    small, _, large = sizes("adam")
    for steps, gradient in ((small, 0.01), (large, 10.0)):
        np.testing.assert_allclose(steps, gradient / (gradient + 1e-8), rtol=1e-12)


def test_steps_of_adabelief_grow_where_the_gradient_is_constant():
    # g - m is g b1^t, since m is g (1 - b1^t).
    moments = [sum(B2 ** (t - i) * B1 ** (2 * i) for i in range(1, t + 1)) for t in STEPS]
    expected = 1 / np.sqrt((1 - B2) * np.array(moments) / (1 - B2**STEPS))
    small, _, large = sizes("adabelief")
    np.testing.assert_allclose(large, expected, rtol=1e-9)
    # Epsilon is larger relative to small gradients.
    np.testing.assert_allclose(small, expected, rtol=1e-5)
    assert np.all(np.diff(large) > 0)


def test_where_the_gradient_alternates_adabelief_steps_further_than_adam():
    # The momentum m alternates between `+-g (1 - b1) / (1 + b1)`.
    # So g - m alternates between `+-g 2 b1 / (1 + b1)`.
    late = [2_999, 3_000]
    adam, adabelief = (step_sizes(library.load(n), late)[:, 1] for n in ("adam", "adabelief"))
    np.testing.assert_allclose(adam, (1 - B1) / (1 + B1), rtol=1e-6)
    np.testing.assert_allclose(adabelief / adam, (1 + B1) / (2 * B1), rtol=1e-3)


def test_momentum_and_signs_in_the_regions():
    small, alternating, large = sizes("momentum")
    np.testing.assert_allclose(small * 1000, large)
    np.testing.assert_allclose(large, 10 * (1 - B1**STEPS) / (1 - B1))
    np.testing.assert_allclose(alternating, 10 * (1 - (-B1) ** STEPS) / (1 + B1))
    for name in ("signsgd", "lion"):
        np.testing.assert_array_equal(sizes(name), 1)


def test_every_optimizer_is_in_every_region():
    region_steps = measure_regions([1])
    names = [(steps.optimizer, steps.region) for steps in region_steps]
    assert names == [(name, region.name) for name in NAMES for region in REGIONS]
    assert {steps.sizes for steps in region_steps if steps.optimizer == "sgd"} == {(0.01,), (10.0,)}


def test_path_of_sgd():
    path = follow("sgd", library.load("sgd"), (-1.0, 0.1875), 0.125, 40)
    assert (path.y_arrives, path.x_arrives) == (2, 8)
    assert (path.x_size, path.y_size) == (1, 1)
    assert (path.x_overshoot, path.y_overshoot) == (0, 0.0625)
    assert (path.x_root, path.y_root) == (None, None)
    assert path.late == 0.0625
    assert path.xs == (-1.0, 0, 0, 0, 0)


def test_path_that_does_not_arrive():
    still = parse("def still(w, g, lr): return g * 0.0")
    path = follow("still", still, (-1.0, 1.0), 0.1, 10)
    assert path[1:7] == (None,) * 6
    assert (path.x_overshoot, path.late) == (0, 1)


def test_path_of_adabelief_is_that_of_a_plain_loop():
    w, m, s = np.array([-0.2, 0.02]), np.zeros(2), np.zeros(2)
    x = [w[0]]
    for t in range(1, 301):
        g = np.sign(w)
        m = B1 * m + (1 - B1) * g
        s = B2 * s + (1 - B2) * (g - m) ** 2 + 1e-16
        w = w - 1e-3 * (m / (1 - B1**t)) / (np.sqrt(s / (1 - B2**t)) + 1e-16)
        x.append(w[0])
    program = library.load("adabelief")
    path = follow("adabelief", program, (-0.2, 0.02), 1e-3, 300)
    np.testing.assert_allclose(path.xs, x[::10], atol=1e-9)


@pytest.fixture(scope="module")
def paths():
    return {path.optimizer: path for path in measure_paths((-0.5, 0.02), num_steps=600)}


def test_second_moments_of_adam_do_not_tell_the_directions_apart(paths):
    adam, adabelief = paths["adam"], paths["adabelief"]
    assert (adam.x_root, adam.y_root) == (pytest.approx(1), pytest.approx(1))
    assert adabelief.x_root < 0.3 * adabelief.y_root


def test_x_advances_by_the_learning_rate_with_adam_and_faster_with_adabelief(paths):
    adam, adabelief = paths["adam"], paths["adabelief"]
    assert adam.x_size == pytest.approx(1)
    # Adam's first moment is small where the gradient oscillates.
    assert adam.y_size < 0.5
    assert adabelief.x_size > 2
    assert adabelief.x_arrives < adam.x_arrives
