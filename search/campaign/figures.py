"""Figures of a campaign: its searches, and its programs beside known optimizers."""

import itertools
from typing import Any

from matplotlib.figure import Figure

from lionhunt.search.comparison.figures.learning_curves import curves_figure
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.paper.replication.figures import fitness_figure
from lionhunt.search.reporting.figures import SMALL, assign_looks, make_figure, tidy
from lionhunt.search.selection.figures import meta_figure


def differences_figure(summary: dict[str, Any]) -> Figure:
    """Draw the mean difference of each found program to each known optimizer, with intervals.

    Right is better. The marker is filled where the interval excludes 0.
    """
    seeds = [seed for seed in summary["seeds"] if seed["program"] is not None]
    labels = summary["optimizers"]
    figure = make_figure(6.4, 0.3 * len(seeds) * len(labels) + 1.6)
    axes = figure.subplots()
    tidy(axes)
    axes.axvline(0, color="black", linewidth=0.8)
    looks = assign_looks(labels)
    for (row, seed), (column, label) in itertools.product(enumerate(seeds), enumerate(labels)):
        interval = seed["against"][label]["relative_difference"]
        if interval is None:
            continue
        mean, *ends = (interval[key] for key in ("mean", "low", "high"))
        height = row + 0.6 * ((column + 0.5) / len(labels) - 0.5)
        is_sure = None not in ends and (ends[0] > 0 or ends[1] < 0)
        look = looks[label]
        if None not in ends:
            axes.plot([100 * end for end in ends], [height] * 2, color=look.color, linewidth=1)
        axes.plot(
            [100 * mean],
            [height],
            look.marker,
            color=look.color,
            markerfacecolor=look.color if is_sure else "white",
            markersize=look.markersize,
            label=f"than {label}" if row == 0 else None,
        )
    axes.set_yticks(range(len(seeds)), [seed["name"] for seed in seeds])
    axes.set_ylim(len(seeds) - 0.5, -0.5)
    # One program that fails on a task must not hide all other differences.
    axes.set_xscale("symlog", linthresh=10)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_xlabel(
        "better by (% of the other's score), mean over the unseen tasks\n"
        "bar: 95 % interval; filled: it excludes zero"
    )
    figure.legend(loc="outside upper center", ncols=min(3, len(labels)), fontsize=SMALL)
    return figure


def campaign_figures(summary: dict[str, Any], comparison: Comparison | None) -> dict[str, Figure]:
    """Draw all figures, by file name without suffix."""
    parts = [seed["selection"]["meta_validation"] for seed in summary["seeds"]]
    # The folders of the runs are long, and differ from machine to machine.
    runs = [
        run | {"run": seed["name"]}
        for seed, part in zip(summary["seeds"], parts, strict=True)
        for run in part["runs"]
    ]
    figures = {
        "best_fitness": fitness_figure(summary["study"]),
        "meta_overfitting": meta_figure(parts[0] | {"runs": runs}),
    }
    if comparison is not None:
        figures["differences"] = differences_figure(summary)
        figures["learning_curves"] = curves_figure(comparison, summary["optimizers"])
    return figures
