"""Figure of an ablation: the values of every variant at each place."""

import math
import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionhunt.search.comparison.figures.forest import draw_intervals
from lionhunt.search.reporting.figures import BACKGROUND, SMALL, make_figure
from lionhunt.search.statistics import Interval

NAME_WIDTH = 24
"""Letters in a line of a name."""


def gains_figure(summary: dict[str, Any]) -> Figure:
    """Draw a panel for each place: a row for each variant, with its mean and all its seeds.

    Right is better. The marker is filled where the interval excludes 0. A mean far from the others
    is an arrow at the edge with its number.
    """
    variants, places = summary["variants"], list(summary["places"])
    figure = make_figure(2.2 * len(places) + 2.0, 0.32 * len(variants) + 1.6)
    (panels,) = figure.subplots(1, len(places), sharey=True, squeeze=False)
    for place, axes in zip(places, panels, strict=True):
        draw_intervals(axes, [_interval(variant["gains"][place]) for variant in variants])
        _draw_seeds(axes, variants, place)
        title = f"{place}, unseen" if place in summary["unseen"] else place
        axes.set_title(textwrap.fill(title, NAME_WIDTH), fontsize=SMALL)
    names = [textwrap.fill(variant["name"], NAME_WIDTH) for variant in variants]
    panels[0].set_yticks(range(len(variants)), names)
    panels[0].set_ylim(len(variants) - 0.5, -0.5)
    figure.supxlabel(
        f"better than tuned {summary['reference']} by (% of its score); grey: each search seed\n"
        "bar: 95 % interval of the mean; filled: it excludes zero",
        fontsize=SMALL,
    )
    return figure


def _interval(gain: dict[str, Any]) -> Interval:
    """Return an interval in per cent; NaN where there is none."""
    found = gain["interval"]
    if found is None:
        return Interval(math.nan, math.nan, math.nan)
    low, high = (
        end if found[key] is None else 100 * found[key]
        for key, end in (("low", -math.inf), ("high", math.inf))
    )
    return Interval(100 * found["mean"], low, high)


def _draw_seeds(axes: Axes, variants: list[dict[str, Any]], place: str) -> None:
    for row, variant in enumerate(variants):
        values = [search["values"][place] for search in variant["searches"]]
        there = [100 * value for value in values if value is not None]
        axes.plot(there, [row] * len(there), "|", color=BACKGROUND, markersize=7, zorder=1)


def ablation_figures(summary: dict[str, Any]) -> dict[str, Figure]:
    """Draw all figures, by file name without suffix."""
    return {"gains": gains_figure(summary)}
