"""Figures of the toy problems: responses to an old gradient, and paths."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from lionhunt.search.reporting.figures import (
    BACKGROUND,
    SMALL,
    TINY,
    assign_looks,
    make_figure,
    tidy,
)

NUM_DECADES = 5
"""Decades below the largest response that are logarithmic; the scale around 0 is linear."""


def response_figure(responses: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """Draw the response of later updates to one gradient.

    Both axes are logarithmic, and linear near 0. So they hold the gradient's own step, and
    responses of either sign.

    Args:
        responses: for each optimizer the steps since the gradient, from 0, and the response at
            each: the change of the update, over the learning rate.
    """
    figure = make_figure(6.4, 4.6)
    axes = figure.subplots()
    tidy(axes)
    axes.axhline(0, color="0.5", linewidth=0.8)
    largest = max(float(np.max(np.abs(values))) for _, values in responses.values())
    for place, (name, look) in enumerate(assign_looks(responses).items()):
        ages, values = responses[name]
        axes.plot(ages, values, label=name, markevery=(0.01 * place, 0.09), **look._asdict())
    axes.set_xscale("symlog", linthresh=1, linscale=0.5)
    threshold = 10.0 ** (math.floor(math.log10(largest)) - NUM_DECADES + 1) if largest else 1.0
    axes.set_yscale("symlog", linthresh=threshold, linscale=0.5)
    axes.set_xlim(-0.1, None)
    axes.set_xlabel("steps since the gradient", fontsize=SMALL)
    axes.set_ylabel("change of the update (learning rates a unit of gradient)", fontsize=SMALL)
    figure.legend(loc="outside lower center", ncols=4, fontsize=SMALL)
    return figure


def paths_figure(paths: Mapping[str, np.ndarray], steps_a_point: int = 1) -> Figure:
    """Draw paths over the contours of f(x, y) = |x| + |y|, and below them f over the steps.

    Args:
        paths: for each optimizer its points from the start, shape=(points, 2).
        steps_a_point: steps between two points.
    """
    figure = make_figure(6.4, 6.4)
    upper, lower = figure.subplots(2, 1)
    for axes in (upper, lower):
        tidy(axes)
    upper.grid(False)
    points = np.concatenate([np.zeros((1, 2)), *paths.values()])
    margins = 0.08 * np.ptp(points, axis=0) + 1e-9
    (left, bottom), (right, top) = points.min(axis=0) - margins, points.max(axis=0) + margins
    x, y = np.linspace(left, right, 201), np.linspace(bottom, top, 201)
    height = np.abs(x)[None, :] + np.abs(y)[:, None]
    contours = upper.contour(x, y, height, levels=8, colors=BACKGROUND, linewidths=0.7)
    # Higher contours are only in the corners.
    inside = contours.levels[contours.levels <= np.abs(points).sum(axis=1).max()]
    upper.clabel(contours, inside, fontsize=TINY, fmt="%g")
    for place, (name, look) in enumerate(assign_looks(paths).items()):
        path = np.asarray(paths[name], float)
        every = max(len(path) // 10, 1)
        style = look._asdict() | {"label": name, "markevery": (place % every, every)}
        upper.plot(*path.T, **style)
        lower.plot(steps_a_point * np.arange(len(path)), np.abs(path).sum(axis=1), **style)
    upper.plot(0, 0, "x", color="black", markersize=9, markeredgewidth=2, label="minimum")
    upper.set_xlabel("x (a weight)", fontsize=SMALL)
    upper.set_ylabel("y (a weight), contours of |x| + |y|", fontsize=SMALL)
    lower.set_xlabel("steps", fontsize=SMALL)
    lower.set_ylabel("loss |x| + |y|", fontsize=SMALL)
    handles, labels = upper.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=SMALL)
    return figure
