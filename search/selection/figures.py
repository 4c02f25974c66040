"""Figure of meta-overfitting, as Figure 3 of Chen et al., 2023 (arXiv:2302.06675)."""

from itertools import cycle
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from lionhunt.search.reporting.figures import LOOKS, make_figure


def meta_figure(meta: dict[str, Any]) -> Figure:
    """Draw search fitness and meta-validation fitness over progress, one line a run.

    The peak of meta-validation is a ring; bars are confidence intervals. A program that could not
    be trained leaves a gap.

    Args:
        meta: the part "meta_validation" of the summary of a selection.
    """
    figure = make_figure(7, 7)
    upper, lower = figure.subplots(2, 1, sharex=True)
    for run, run_look in zip(meta["runs"], cycle(LOOKS)):
        points = run["points"]
        progress = [100 * point["progress"] for point in points]
        look = run_look._asdict()
        search_fitness = [100 * point["search_fitness"] for point in points]
        upper.plot(progress, search_fitness, label=run["run"], **look)
        _draw_meta(lower, progress, run, look)
    upper.set_ylabel("search fitness (%)")
    lower.set_ylabel("meta-validation fitness (%)")
    lower.set_xlabel("progress of the search (% of its programs)")
    lower.set_xlim(-3, 103)
    tasks = ", ".join(task["name"] for task in meta["tasks"])
    upper.set_title(
        "The best program so far: gain over the initial program\n"
        f"on the search's tasks, and on {tasks} ({len(meta['seeds'])} seeds)"
    )
    for axes in (upper, lower):
        axes.axhline(0, color="0.6", linewidth=0.8)
        axes.grid(color="0.9")
    handles, labels = lower.get_legend_handles_labels()
    title = "run: verdict (ring: the peak)"
    figure.legend(handles, labels, loc="outside lower center", title=title, fontsize="small")
    return figure


def _draw_meta(
    axes: Axes, progress: list[float], run: dict[str, Any], look: dict[str, Any]
) -> None:
    nothing = dict.fromkeys(("mean", "low", "high"), float("nan"))
    intervals = [point["meta_validation"] or nothing for point in run["points"]]
    means = [100 * interval["mean"] for interval in intervals]
    errors = [
        [100 * (interval["mean"] - interval["low"]) for interval in intervals],
        [100 * (interval["high"] - interval["mean"]) for interval in intervals],
    ]
    label = f"{run['run']}: {run['verdict']}"
    axes.errorbar(progress, means, errors, label=label, capsize=2, elinewidth=0.8, **look)
    if run["peak_progress"] is not None:
        peak = 100 * run["peak_progress"]
        height = means[progress.index(peak)]
        axes.plot([peak], [height], "o", markersize=12, fillstyle="none", color=look["color"])
