"""Figure of an ablation: the values of every variant at each place."""

import textwrap
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionhunt.search.reporting.figures import BACKGROUND, SMALL, make_figure, tidy

NAME_WIDTH = 24
"""Letters in a line of a name."""


def gains_figure(summary: dict[str, Any]) -> Figure:
    """Draw a panel for each place: a row for each variant, with its mean and all its seeds.

    Right is better. The marker is filled where the interval excludes 0.
    """
    variants, places = summary["variants"], list(summary["places"])
    figure = make_figure(2.2 * len(places) + 2.0, 0.32 * len(variants) + 1.6)
    (panels,) = figure.subplots(1, len(places), sharey=True, squeeze=False)
    for place, axes in zip(places, panels, strict=True):
        _draw(axes, variants, place)
        axes.set_title(textwrap.fill(place, NAME_WIDTH), fontsize=SMALL)
    names = [textwrap.fill(variant["name"], NAME_WIDTH) for variant in variants]
    panels[0].set_yticks(range(len(variants)), names)
    panels[0].set_ylim(len(variants) - 0.5, -0.5)
    figure.supxlabel(
        f"better than tuned {summary['reference']} by (% of its score); grey: each search seed\n"
        "bar: 95 % interval of the mean; filled: it excludes zero; dashed: mean of the first",
        fontsize=SMALL,
    )
    return figure


def _draw(axes: Axes, variants: list[dict[str, Any]], place: str) -> None:
    tidy(axes)
    axes.axvline(0, color="black", linewidth=0.8)
    for row, variant in enumerate(variants):
        values = [search["values"][place] for search in variant["searches"]]
        there = [100 * value for value in values if value is not None]
        axes.plot(there, [row] * len(there), "|", color=BACKGROUND, markersize=7)
        interval = variant["gains"][place]["interval"]
        if interval is None:
            continue
        mean, *ends = (interval[key] for key in ("mean", "low", "high"))
        if row == 0:
            axes.axvline(100 * mean, color=BACKGROUND, linewidth=0.8, linestyle="--")
        is_sure = None not in ends and (ends[0] > 0 or ends[1] < 0)
        if None not in ends:
            axes.plot([100 * end for end in ends], [row, row], color="black", linewidth=1)
        face = "black" if is_sure else "white"
        axes.plot([100 * mean], [row], "o", color="black", markerfacecolor=face, markersize=4.5)


def ablation_figures(summary: dict[str, Any]) -> dict[str, Figure]:
    """Draw all figures, by file name without suffix."""
    return {"gains": gains_figure(summary)}
