"""Figure of the metric, and of the advantage over the reference, over the batch size."""

from collections.abc import Sequence

import numpy as np
from matplotlib.figure import Figure

from lionhunt.search.comparison.figures.values import (
    metric_label,
    relative_difference,
    score_interval,
)
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.reporting.figures import SMALL, assign_looks, make_figure, tidy

SHIFT = 0.05
"""Shift between lines, as a share of a doubling, so that bars do not hide each other."""


def batch_size_figure(comparison: Comparison, optimizers: Sequence[str]) -> Figure:
    """Draw the final score over the batch size, and below it the difference to the reference.

    Args:
        comparison: its tasks have one kind and different batch sizes.
        optimizers: the lines to draw; the reference is added if it is missing.

    Raises:
        ValueError: the tasks differ in kind or metric, or share a batch size.
    """
    tasks = sorted(comparison.tasks, key=lambda task: task.batch_size)
    sizes = [task.batch_size for task in tasks]
    if len({(task.kind, task.metric) for task in tasks}) > 1 or len(set(sizes)) < len(sizes):
        raise ValueError("a figure over batch sizes needs tasks of one kind, each with its own")
    names = list(dict.fromkeys([comparison.reference, *optimizers]))
    figure = make_figure(5.6, 6.2)
    upper, lower = figure.subplots(2, 1, sharex=True)
    lower.axhline(0, color="black", linewidth=0.8)
    for axes, measure in ((upper, score_interval), (lower, relative_difference)):
        tidy(axes)
        for place, (name, look) in enumerate(assign_looks(names).items()):
            if axes is lower and name == comparison.reference:
                continue
            intervals = np.asarray([measure(comparison, name, task) for task in tasks])
            means, lows, highs = intervals.T
            shift = 2 ** (SHIFT * (place - (len(names) - 1) / 2))
            errors = np.nan_to_num([means - lows, highs - means], posinf=0.0)
            style = look._asdict() | {"capsize": 2, "elinewidth": 0.8}
            axes.errorbar(np.asarray(sizes) * shift, means, errors, label=name, **style)
    lower.set_xscale("log", base=2)
    lower.set_xticks(sizes, [f"{size:,}" for size in sizes])
    lower.set_xlabel("batch size (examples a step)", fontsize=SMALL)
    upper.set_ylabel(metric_label(tasks[0]), fontsize=SMALL)
    lower.set_ylabel(f"better than {comparison.reference} by\n(% of its mean)", fontsize=SMALL)
    handles, labels = upper.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=4,
        fontsize=SMALL,
        title="mean of the final seeds, bar: 95 % interval",
        title_fontsize=SMALL,
        alignment="left",
    )
    return figure
