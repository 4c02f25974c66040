"""The figures of a comparison show its values."""

import dataclasses

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import Rectangle

from lionhunt.search.comparison.figures import (
    batch_size_figure,
    curves_figure,
    difference_figure,
    grid_figure,
)
from lionhunt.search.comparison.figures.learning_curves import MAX_STRONG
from lionhunt.search.comparison.result import Hyperparameters, Tuned
from lionhunt.search.reporting.figures import BACKGROUND
from tests.support.search.comparisons import ACCURACY, LOSS, comparison, final, trial

NAMES = ("adamw", "sgd", "qhm", "momentum", "aggmo", "adam", "lion", "signum")


@pytest.fixture(scope="module")
def eight():
    """Return eight optimizers; aggmo failed with one seed, signum with all on the text."""
    scores: dict[str, dict[str, list[float | None]]] = {
        name: {"images": [0.9 + i / 100, 0.8, 0.7], "text": [1.0 + i / 10, 1.2, 1.1]}
        for i, name in enumerate(NAMES)
    }
    scores["aggmo"]["images"][1] = None
    scores["signum"]["text"] = []
    return comparison(scores)


def texts(axes: Axes) -> list[str]:
    return [text.get_text() for text in axes.texts]


def points(line: Line2D) -> np.ndarray:
    return np.asarray(line.get_xydata(), float)


def frames(axes: Axes, hatched: bool) -> list[tuple[float, float]]:
    """Return the lower left corners of rectangles."""
    rectangles = [patch for patch in axes.patches if isinstance(patch, Rectangle)]
    return [patch.get_xy() for patch in rectangles if bool(patch.get_hatch()) is hatched]


def test_curves_are_means_over_the_seeds_at_the_ends_of_chunks(eight):
    figure = curves_figure(eight, highlighted=["lion"])
    images_loss, _, images, text = figure.axes
    lines = {line.get_label(): line for line in images.lines}
    assert [label for label in lines if label in NAMES][:2] == ["adamw", "lion"]
    expected = [[50, 100 * (0.96 + 0.8 + 0.7) / 6], [100, 100 * (0.96 + 0.8 + 0.7) / 3]]
    np.testing.assert_allclose(points(lines["lion"]), expected)
    np.testing.assert_allclose(points(lines["aggmo"])[-1], [100, 100 * (0.94 + 0.7) / 2])
    # These are the bands.
    assert len(images.collections) == MAX_STRONG
    grey = [line for line in images.lines if line.get_color() == BACKGROUND]
    assert len(grey) == len(NAMES) - MAX_STRONG and len(text.lines) == len(NAMES) - 1
    for line in images_loss.lines:
        np.testing.assert_allclose(points(line)[:, 1], [2, 1])


def test_curves_name_every_optimizer_unit_and_failure(eight):
    figure = curves_figure(eight, highlighted=["signum"])
    (legend,) = figure.legends
    strong = [text.get_text() for text in legend.get_texts()]
    assert strong == ["adamw", "signum", "sgd", "qhm", "momentum", "aggmo"]
    assert "thin grey lines: adam, lion" in legend.get_title().get_text()
    labels = [axes.get_ylabel() for axes in figure.axes]
    assert labels == [
        "training loss (nats)",
        "training loss (nats a character)",
        "validation accuracy (%)",
        "validation loss (nats a character)",
    ]
    below = [axes.get_xlabel() for axes in figure.axes[2:]]
    assert below[0] == "training steps\n(failed seeds: aggmo 1/3)"
    assert below[1] == "training steps\n(failed seeds: signum 3/3)"


def test_loss_over_a_decade_has_a_log_axis(eight):
    cell = eight.cells["adamw", "images"]
    steep = cell._replace(finals=(final(0.9, (2.0, 0.1)),) * 3)
    changed = dataclasses.replace(eight, cells={**eight.cells, ("adamw", "images"): steep})
    axes = curves_figure(changed).axes
    assert [each.get_yscale() for each in axes] == ["log", "linear", "linear", "linear"]


def test_linear_axis_is_that_of_strong_lines_when_they_have_settled(eight):
    settling = final(1.0)._replace(validation_curve=(2.0, 1.1, 1.0, 1.05))
    far = settling._replace(validation_curve=(4.0, 4.0, 4.0, 4.0))
    curves = {name: far if name in ("lion", "signum") else settling for name in NAMES}
    cells = {
        (name, LOSS.name): eight.cells[name, LOSS.name]._replace(finals=(curve,) * 3)
        for name, curve in curves.items()
    }
    _, lower = curves_figure(dataclasses.replace(eight, tasks=(LOSS,), cells=cells)).axes
    low, high = lower.get_ylim()
    assert 0.95 < low < 1 and 1.1 < high < 1.15


def test_one_seed_has_a_line_and_no_band():
    single = comparison({"adamw": {"images": [0.9]}}, [ACCURACY])
    _, lower = curves_figure(single).axes
    np.testing.assert_allclose(points(lower.lines[0]), [[50, 45], [100, 90]])
    assert np.isfinite(lower.get_ylim()).all()


def test_nothing_but_failures_is_drawn_all_the_same():
    failed = comparison({"adamw": {"images": []}, "lion": {"images": [None, None]}}, [ACCURACY])
    axes = [*curves_figure(failed).axes, *difference_figure(failed).axes]
    axes += [*grid_figure(failed, ["adamw", "lion"]).axes, *batch_size_figure(failed, []).axes]
    assert len(axes) == 2 + 1 + 2 + 2


TRIALS = (
    trial(0.1, 1.0, 0.5),
    trial(0.1, 3.0, 0.9, 0.7),
    trial(0.30000000000000004, 1.0),
    trial(0.3, 3.0, 0.8),
)


def grid(trials, best, sensitivity_grid=(), task=ACCURACY):
    """Return the axes of a grid of one cell of a comparison."""
    small = comparison({"adamw": {task.name: []}}, [task])
    cells = {("adamw", task.name): Tuned(trials, best, (), (), sensitivity_grid)}
    (axes,) = grid_figure(dataclasses.replace(small, cells=cells), ["adamw"]).axes
    return axes


@pytest.mark.parametrize(
    "best, corner", [(Hyperparameters(0.1, 3.0), (0, 1)), (Hyperparameters(0.3, 3.0), (1, 1))]
)
def test_grid_prints_means_frames_the_best_and_hatches_failures(best, corner):
    axes = grid(TRIALS, best)
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert shown == {(0.5, 0.5): "50.0", (0.5, 1.5): "80.0", (1.5, 1.5): "80.0"}
    assert frames(axes, hatched=True) == [(1, 0)]
    # Of two equal ones, tuning took this one.
    assert frames(axes, hatched=False) == [corner]
    assert [label.get_text() for label in axes.get_xticklabels()] == ["0.1", "0.3"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["1", "3"]
    assert "accuracy (%)" in axes.get_title()


def test_grid_leaves_blank_what_was_not_tried():
    axes = grid((trial(0.1, 1.0, 0.5), trial(0.3, 3.0, 0.6)), Hyperparameters(0.3, 3.0))
    (mesh,) = axes.collections
    mask = np.ma.getmaskarray(np.ma.asarray(mesh.get_array()))
    np.testing.assert_array_equal(mask, [[False, True], [True, False]])
    assert len(axes.texts) == 2 and not frames(axes, hatched=True)


def test_grid_frames_the_lowest_loss_and_writes_on_dark_in_white():
    trials = (trial(0.1, 1.0, 3.0), trial(0.1, 3.0, 1.0))
    axes = grid(trials, Hyperparameters(0.1, 3.0), task=LOSS)
    assert frames(axes, hatched=False) == [(0, 1)]
    assert [text.get_color() for text in axes.texts] == ["black", "white"]
    assert texts(axes) == ["3.000", "1.000"]


def test_grid_shows_the_sensitivity_grid_if_there_is_one():
    axes = grid(TRIALS, Hyperparameters(0.1, 3.0), sensitivity_grid=(trial(0.2, 1.0, 0.25),))
    assert texts(axes) == ["25.0"]


def test_differences_are_shares_of_the_reference_and_right_is_better():
    scores = {
        "adamw": {"images": [0.5, 0.5, 0.5], "text": [2.0, 2.0, 2.0]},
        "lion": {"images": [0.55, 0.56, 0.54], "text": [1.8, 1.81, 1.79]},
        "sgd": {"images": [0.4, 0.6, 0.53], "text": [2.2, None, 2.2]},
        "signum": {"images": [], "text": [20.0, 21.0, 22.0]},
    }
    figure = difference_figure(comparison(scores))
    images, text = figure.axes
    dots = [line for line in images.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([points(dot)[0] for dot in dots], [[10, 0], [2, 1]], rtol=1e-6)
    assert [dot.get_markerfacecolor() for dot in dots] == ["black", "white"]
    assert texts(images) == ["failed"]
    dots = [line for line in text.lines if line.get_marker() == "o"]
    np.testing.assert_allclose([points(dot)[0] for dot in dots], [[10, 0], [-10, 1]], rtol=1e-6)
    assert texts(text) == ["-950 %", "2/3 seeds"]
    assert [line for line in text.lines if line.get_marker() == "<"]
    assert [label.get_text() for label in images.get_yticklabels()] == ["lion", "sgd", "signum"]
    label = figure.get_supxlabel()
    assert "better than adamw by (% of its mean)" in label


def sized(batch_size: int, **changes):
    return ACCURACY._replace(name=f"b{batch_size}", batch_size=batch_size, **changes)


def test_batch_sizes_are_in_order_and_differences_below():
    tasks = [sized(8), sized(2), sized(4)]
    scores = {
        "adamw": {"b2": [0.5, 0.5], "b4": [0.6, 0.6], "b8": [0.5, 0.5]},
        "sgd": {"b2": [0.4, 0.4], "b4": [0.4, 0.4], "b8": [0.4, 0.4]},
        "lion": {"b2": [0.5, 0.5], "b4": [], "b8": [0.6, 0.6]},
    }
    figure = batch_size_figure(comparison(scores, tasks), ["lion"])
    upper, lower = figure.axes
    adamw, lion = (points(container[0]) for container in upper.containers)
    np.testing.assert_allclose(adamw[:, 1], [50, 60, 50])
    np.testing.assert_allclose(lion[:, 1], [50, np.nan, 60])
    np.testing.assert_allclose(np.log2(adamw[:, 0]), [1, 2, 3], atol=0.1)
    (difference,) = lower.containers
    np.testing.assert_allclose(points(difference[0])[:, 1], [0, np.nan, 20], atol=1e-9)
    assert lower.get_xscale() == "log"
    assert [label.get_text() for label in lower.get_xticklabels()] == ["2", "4", "8"]
    assert "%" in upper.get_ylabel() and "examples" in lower.get_xlabel()
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["adamw", "lion"]


@pytest.mark.parametrize("other", [sized(2), sized(4, kind="digits_mlp"), sized(4, metric="loss")])
def test_tasks_that_differ_in_more_than_batch_size_are_refused(other):
    tasks = [sized(2), other]
    mixed = comparison({"adamw": {task.name: [0.5] for task in tasks}}, tasks)
    with pytest.raises(ValueError, match="one kind, each with its own"):
        batch_size_figure(mixed, [])


def test_grid_without_weight_decay_has_room_for_names():
    names = ["Adam 0.5, 0.87", "Adam 0.9, 0.99"]
    small = comparison({name: {ACCURACY.name: []} for name in names}, [ACCURACY])
    trials = (trial(0.1, 0.0, 0.5), trial(0.2, 0.0, 0.6))
    tuned = Tuned(trials, Hyperparameters(0.2, 0.0), (), ())
    cells = {(name, ACCURACY.name): tuned for name in names}
    figure = grid_figure(dataclasses.replace(small, cells=cells), names)
    # A weight decay of 0 is not varied, so no label speaks of it.
    assert figure.get_supylabel() == "" and "learning rate" in figure.get_supxlabel()
    figure.draw_without_rendering()
    upper, lower = (axes.yaxis.label.get_window_extent() for axes in figure.axes)
    assert lower.y1 < upper.y0
