"""The pictures of small, exact experiments: what an old gradient still does, and paths."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from search.figures import BACKGROUND, SMALL, TINY, assign_looks, make_figure, tidy

NUM_DECADES = 5
"""Responses that are smaller than the largest by so much are drawn on a linear scale around 0."""


def response_figure(responses: Mapping[str, tuple[Sequence[float], Sequence[float]]]) -> Figure:
    """What one gradient does to the updates after it.

    Both axes are logarithmic, and linear near 0: the first has a place for the gradient's own step,
    the second for responses that change their sign.

    Args:
        responses: for each optimizer the steps since the gradient, from 0, and at each of them the
            change of the update that is due to it, divided by the learning rate.
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


def paths_figure(paths: Mapping[str, np.ndarray]) -> Figure:
    """Paths of optimizers over the contours of f(x, y) = |x| + |y|.

    Args:
        paths: for each optimizer the points from the first on, shape=(steps + 1, 2).
    """
    figure = make_figure(6.0, 6.0)
    axes = figure.subplots()
    tidy(axes)
    axes.grid(False)
    points = np.concatenate(
        [np.asarray(path, float) for path in paths.values()] + [np.zeros((1, 2))]
    )
    low, high = points.min(axis=0), points.max(axis=0)
    margin = 0.08 * float(np.max(high - low)) or 1.0
    x, y = (np.linspace(a - margin, b + margin, 201) for a, b in zip(low, high, strict=True))
    height = np.abs(x)[None, :] + np.abs(y)[:, None]
    contours = axes.contour(x, y, height, levels=8, colors=BACKGROUND, linewidths=0.7)
    axes.clabel(contours, fontsize=TINY, fmt="%g")
    for place, (name, look) in enumerate(assign_looks(paths).items()):
        path = np.asarray(paths[name], float)
        every = max(len(path) // 10, 1)
        axes.plot(*path.T, label=name, markevery=(place % every, every), **look._asdict())
    axes.plot(0, 0, "x", color="black", markersize=9, markeredgewidth=2, label="minimum")
    axes.set_aspect("equal")
    axes.set_xlabel("x (a weight; contours: |x| + |y|)", fontsize=SMALL)
    axes.set_ylabel("y (a weight)", fontsize=SMALL)
    figure.legend(loc="outside lower center", ncols=4, fontsize=SMALL)
    return figure
