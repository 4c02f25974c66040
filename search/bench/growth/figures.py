"""Figures of growth: one for each axis, with a panel for each unit."""

import math
import statistics
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

from lionhunt.search.bench.growth.axis import GrowthAxis, GrowthCurve
from lionhunt.search.bench.growth.loop import AXES, points_of
from lionhunt.search.bench.growth.slopes import Point, upper_half
from lionhunt.search.reporting.figures import BACKGROUND, LOOKS, SMALL, make_figure, tidy

PANEL_WIDTH, PANEL_HEIGHT = 3.8, 2.9


def growth_figures(summary: Mapping[str, Any]) -> dict[str, Figure]:
    """Return the figure of each axis in a summary, by the name of the axis."""
    return {name: growth_figure(AXES[name], found) for name, found in summary.items()}


def growth_figure(axis: GrowthAxis, summary: Mapping[str, Any]) -> Figure:
    """Plot the quantities of an axis over its sizes, on log-log axes.

    A grey line through the upper half of each curve has the slope that the legend names.

    Args:
        axis: the axis.
        summary: as `search.bench.growth.loop.summarize_axis` returns it.
    """
    rows, slopes = summary["rows"], summary["slopes"]
    measured = [curve for curve in axis.curves if points_of(axis, curve.key, rows)]
    panels = [list(curves) for _, curves in groupby(measured, lambda curve: curve.unit)]
    num_columns = min(2 if len(panels) <= 4 else 3, len(panels))
    num_rows = math.ceil(len(panels) / num_columns)
    figure = make_figure(PANEL_WIDTH * num_columns, PANEL_HEIGHT * num_rows)
    places = list(figure.subplots(num_rows, num_columns, squeeze=False).flat)
    for axes, curves in zip(places, panels, strict=False):
        _plot_panel(axes, axis, curves, rows, slopes)
    for axes in places[len(panels) :]:
        axes.set_visible(False)
    return figure


def _plot_panel(
    axes: Axes,
    axis: GrowthAxis,
    curves: Sequence[GrowthCurve],
    rows: Sequence[Mapping[str, Any]],
    slopes: Mapping[str, float | None],
) -> None:
    tidy(axes)
    values: list[float] = []
    for look, curve in zip(LOOKS, curves, strict=False):
        points = points_of(axis, curve.key, rows)
        values += [value for _, value in points]
        slope = slopes[curve.key]
        named = curve.label if slope is None else f"{curve.label}: {slope:z.2f}"
        axes.plot(*zip(*points, strict=True), label=named, **look._asdict())
        if slope is not None:
            line = slope_line(points, slope)
            axes.plot(*line, color=BACKGROUND, linewidth=4, zorder=0, solid_capstyle="butt")
    axes.set_xscale("log")
    axes.set_yscale("log")
    _show_decades(axes, values)
    _use_short_numbers(axes.xaxis, *axes.get_xlim())
    axes.set_xlabel(axis.name)
    axes.set_ylabel(curves[0].unit)
    axes.legend(fontsize=SMALL, loc="best", title="slope of", title_fontsize=SMALL)


def slope_line(points: Sequence[Point], slope: float) -> tuple[list[float], list[float]]:
    """Return the ends of the fitted line: two sizes, and two values."""
    upper = upper_half(points)
    center, middle = map(statistics.geometric_mean, zip(*upper, strict=True))
    sizes = [size for size, _ in upper]
    ends = [min(sizes), max(sizes)]
    return ends, [middle * (size / center) ** slope for size in ends]


def _show_decades(axes: Axes, values: Sequence[float]) -> None:
    """Give the vertical axis plain numbers, and at least a decade: less looks like growth."""
    positive = [value for value in values if value > 0] or [1.0]
    low, high = min(positive), max(positive)
    margin = max(1.3, math.sqrt(10 * low / high))
    # The legend needs a place above the curves.
    axes.set_ylim(low / margin, high * margin * 3)
    _use_short_numbers(axes.yaxis, *axes.get_ylim())


def _use_short_numbers(axis: Axis, low: float, high: float) -> None:
    """Write numbers on a log axis, more in each decade if it has few decades."""
    places = (1, 2, 5) if high < 15 * low else (1, 3) if high < 300 * low else (1,)
    axis.set_major_locator(LogLocator(subs=places))
    axis.set_major_formatter(FuncFormatter(lambda value, _: _short(value)))
    axis.set_minor_formatter(NullFormatter())


def _short(value: float) -> str:
    """Return a number of an axis: 30, 3k or 1M."""
    for limit, letter in ((1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g}{letter}"
    return f"{value:g}"
