"""Forest plot of the advantage of each optimizer over the reference."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionhunt.search.comparison.figures.values import relative_difference
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.comparison.summary import pair_with_reference
from lionhunt.search.reporting.figures import SMALL, TINY, make_figure, tidy
from lionhunt.search.statistics import Interval, sign

FARTHEST = 4.0
"""Reach of a panel at most, in multiples of the median distance from zero."""


def difference_figure(comparison: Comparison) -> Figure:
    """Draw the paired difference to the reference with its 95 % interval, one panel a task.

    Right is better. The marker is filled where the interval excludes zero. A difference far from
    the others is an arrow at the edge with its number. Where seeds failed, the panel shows the
    number of remaining seeds.
    """
    names = [name for name in comparison.optimizers if name != comparison.reference]
    figure = make_figure(max(1.9 * len(comparison.tasks) + 1.4, 5.4), 0.22 * len(names) + 1.5)
    (panels,) = figure.subplots(1, len(comparison.tasks), sharey=True, squeeze=False)
    for task, axes in zip(comparison.tasks, panels, strict=True):
        differences = [relative_difference(comparison, name, task) for name in names]
        counts = [len(pair_with_reference(comparison, name, task).scores) for name in names]
        draw_intervals(axes, differences)
        _write_counts(axes, differences, counts, len(comparison.final_seeds))
        axes.set_title(f"{task.name}\nvalidation {task.metric.partition(' (')[0]}", fontsize=SMALL)
    panels[0].set_yticks(range(len(names)), names)
    panels[0].set_ylim(len(names) - 0.5, -0.5)
    figure.supxlabel(
        f"better than {comparison.reference} by (% of its mean)\n"
        "bar: 95 % interval of the paired difference; filled: it excludes zero",
        fontsize=SMALL,
    )
    return figure


def _reach(differences: list[Interval]) -> float:
    """Return half the width of a panel."""
    ends = [abs(end) for interval in differences for end in interval[1:] if math.isfinite(end)]
    means = [abs(interval.mean) for interval in differences if math.isfinite(interval.mean)]
    distances = ends or means
    if not any(distances):
        return 1.0
    return 1.1 * min(max(distances), FARTHEST * float(np.median(distances)) or math.inf)


def draw_intervals(axes: Axes, differences: list[Interval]) -> None:
    """Draw a row for each interval; see `difference_figure`. A mean that is NaN has none."""
    tidy(axes)
    axes.axvline(0, color="black", linewidth=0.8)
    reach = _reach(differences)
    axes.set_xlim(-reach, reach)
    for row, interval in enumerate(differences):
        mean, low, high = interval
        if abs(mean) > reach:
            side = math.copysign(1, mean)
            axes.plot(
                [side * 0.95 * reach], [row], "<" if side < 0 else ">", color="black", markersize=4
            )
            axes.annotate(
                f"{mean:+.0f} %",
                (side * 0.88 * reach, row),
                fontsize=TINY,
                ha="left" if side < 0 else "right",
                va="center",
            )
        elif not math.isnan(mean):
            axes.plot(
                [max(low, -2 * reach), min(high, 2 * reach)], [row, row], color="black", linewidth=1
            )
            face = "black" if sign(interval) else "white"
            axes.plot([mean], [row], "o", color="black", markerfacecolor=face, markersize=4.5)


def _write_counts(
    axes: Axes, differences: list[Interval], counts: list[int], num_seeds: int
) -> None:
    """Write the number of remaining seeds where some failed, on the side without the marker."""
    reach = axes.get_xlim()[1]
    for row, (interval, count) in enumerate(zip(differences, counts, strict=True)):
        if count == num_seeds:
            continue
        text = f"{count}/{num_seeds} seeds" if count else "failed"
        side, align = (-1, "left") if interval.mean > 0 else (1, "right")
        axes.annotate(text, (0.96 * side * reach, row), fontsize=TINY, ha=align, va="center")
