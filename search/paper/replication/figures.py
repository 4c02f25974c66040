"""Figures of a study: Figure 2 of the paper, and the shares of cache hits and redundancy."""

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionhunt.search.paper.replication.plan import CONSTANTS, GROUPS, NAMES, RANDOM
from lionhunt.search.paper.replication.summary import reference_name
from lionhunt.search.reporting.figures import (
    BACKGROUND,
    SMALL,
    Look,
    assign_looks,
    make_figure,
    tidy,
)

NUM_MARKERS = 10
"""Markers along a curve."""


def fitness_figure(summary: dict[str, Any]) -> Figure:
    """Draw best fitness over progress: means and bands of the standard error, as in Figure 2.

    Args:
        summary: the summary of a study.
    """
    figure = make_figure(6.4, 4.4)
    axes = figure.subplots()
    _draw(axes, summary, "best_fitness")
    axes.axhline(0, color=BACKGROUND, linewidth=0.8)
    axes.set_ylabel("best fitness so far (%)")
    axes.set_xlabel("progress (% of a run's programs)")
    tasks = ", ".join(task["name"] for task in summary["tasks"])
    axes.set_title(f"Gain over {reference_name(summary)} on {tasks}", fontsize=SMALL + 1)
    _add_legend(figure, axes, "mean of the runs, band: standard error")
    return figure


def redundancy_figure(summary: dict[str, Any]) -> Figure:
    """Draw cache hits and redundant statements over progress, with the values of the paper."""
    figure = make_figure(6.4, 6.4)
    upper, lower = figure.subplots(2, 1, sharex=True)
    parts = (
        (upper, "hit_rate", "cache hits (% of children)"),
        (lower, "redundant_share", "redundant (% of statements)"),
    )
    for axes, key, label in parts:
        _draw(axes, summary, key)
        paper = summary["paper"][key]
        low, high = (100 * (paper["mean"] + sign * paper["error"]) for sign in (-1, 1))
        axes.axhspan(low, high, color=BACKGROUND, linewidth=0)
        axes.annotate(
            f"the paper: {100 * paper['mean']:.1f} %",
            (1, high),
            xytext=(0, 2),
            textcoords="offset points",
            fontsize=SMALL,
        )
        axes.set_ylabel(label)
        axes.set_ylim(0, 100)
    lower.set_xlabel("progress (% of a run's programs)")
    _add_legend(figure, upper, "mean of the runs in each hundredth, band: standard error")
    return figure


def study_figures(summary: dict[str, Any]) -> dict[str, Figure]:
    """Draw all figures, by file name without suffix."""
    return {
        "best_fitness": fitness_figure(summary),
        "redundancy": redundancy_figure(summary),
    }


def _draw(axes: Axes, summary: dict[str, Any], key: str) -> None:
    """Draw a curve and its band for each group."""
    tidy(axes)
    looks = assign_looks(GROUPS)
    progress = 100 * np.array(summary["progress"])
    for number, group in enumerate(summary["groups"]):
        curve = group["over_progress"][key]
        mean, error = (100 * np.array(curve[part], float) for part in ("mean", "error"))
        look = looks[group["group"]]
        start = number * len(progress) // NUM_MARKERS // len(summary["groups"])
        axes.plot(
            progress,
            mean,
            label=_label(group, summary["groups"][0]),
            markevery=(start, len(progress) // NUM_MARKERS),
            **look._asdict(),
        )
        _draw_band(axes, progress, mean, error, look)
    axes.set_xlim(0, 100)


def _draw_band(
    axes: Axes, progress: np.ndarray, mean: np.ndarray, error: np.ndarray, look: Look
) -> None:
    if np.isfinite(error).any():
        axes.fill_between(
            progress, mean - error, mean + error, color=look.color, alpha=0.15, linewidth=0
        )


def _label(group: dict[str, Any], evolution: dict[str, Any]) -> str:
    """Return the name of a group; for baselines with their measured training."""
    name = NAMES[group["group"]]
    if group["group"] in (RANDOM, CONSTANTS):
        trainings = [g["at_end"]["trainings"]["mean"] for g in (evolution, group)]
        name += f", {trainings[1] / trainings[0]:.2g} times the training"
    return f"{name} ({group['num_runs']} run{'s' * (group['num_runs'] > 1)})"


def _add_legend(figure: Figure, axes: Axes, title: str) -> None:
    handles, labels = axes.get_legend_handles_labels()
    figure.legend(
        handles,
        labels,
        loc="outside lower center",
        ncols=2,
        fontsize=SMALL,
        title=title,
        title_fontsize=SMALL,
        alignment="left",
    )
