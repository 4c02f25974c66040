"""Figures of responses and of paths draw their data."""

import numpy as np
import pytest
from matplotlib.contour import ContourSet

from lionhunt.search.paper.toy_problems.figures import paths_figure, response_figure


def test_responses_have_a_line_each_from_the_gradient_on():
    ages = [0, 1, 10, 1000]
    responses = {"lion": (ages, [0.1, 0.05, -1e-3, 0.0]), "adam": (ages, [0.1, 0.09, 0.03, 0.0])}
    figure = response_figure(responses)
    (axes,) = figure.axes
    lines = {line.get_label(): line for line in axes.lines}
    for name, (_, values) in responses.items():
        expected = np.transpose([ages, values])
        np.testing.assert_array_equal(np.asarray(lines[name].get_xydata()), expected)
    assert axes.get_xscale() == axes.get_yscale() == "symlog"
    assert axes.get_xlim()[0] < 0 and axes.get_ylim()[0] < -1e-3
    assert axes.get_xlabel() == "steps since the gradient"
    assert "learning rates a unit of gradient" in axes.get_ylabel()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["lion", "adam"]


def test_no_response_at_all_is_drawn():
    (axes,) = response_figure({"none": ([0, 1], [0.0, 0.0])}).axes
    assert np.isfinite(axes.get_ylim()).all()


@pytest.mark.parametrize("num_steps", [1, 40])
def test_paths_are_drawn_over_contours_of_the_sum_of_sizes(num_steps):
    start = np.array([-2.0, 1.0])
    paths = {
        "sgd": np.linspace(start, [0, 1], num_steps + 1),
        "lion": np.linspace(start, [-1, 0], num_steps + 1),
    }
    figure = paths_figure(paths, steps_a_point=10)
    axes, lower = figure.axes
    for line, path in zip(axes.lines, paths.values(), strict=False):
        np.testing.assert_array_equal(np.asarray(line.get_xydata()), path)
    (contours,) = axes.collections
    assert isinstance(contours, ContourSet)
    for level, curve in zip(contours.levels, contours.get_paths(), strict=True):
        np.testing.assert_allclose(np.abs(curve.vertices).sum(axis=1), level, atol=0.02)
    losses = np.asarray(lower.lines[0].get_xydata())
    np.testing.assert_array_equal(losses[[0, -1]], [[0, 3], [10 * num_steps, 1]])
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["sgd", "lion", "minimum"]


def test_paths_that_stay_at_the_minimum_are_drawn():
    assert len(paths_figure({"sgd": np.zeros((3, 2))}).axes) == 2
