"""Heat maps of scores over learning rate and weight decay."""

from collections.abc import Sequence
from statistics import fmean

import matplotlib
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import Normalize
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from lionhunt.search.comparison.figures.values import metric_label, printed_score
from lionhunt.search.comparison.result import (
    ComparedTask,
    Comparison,
    GridTrial,
    Hyperparameters,
    Tuned,
)
from lionhunt.search.reporting.figures import SMALL, TINY, make_figure, wrap

WORST_QUANTILE = 0.25
"""Worse scores than this quantile of a task are white, since the worst are often far off."""
LEAST_HEIGHT = 1.4
"""Least height of the rows of an optimizer, in inches."""
DARKEST = 0.8
"""Darkest shade in the map of greys, so that the outline of the best cell stands out."""


def grid_figure(comparison: Comparison, optimizers: Sequence[str]) -> Figure:
    """Draw a heat map for each optimizer (rows) and task (columns); dark is good.

    The cells are the sensitivity grid if there is one, else all tuning trials. Each prints its
    mean score. The best cell is outlined, untried points are blank, and failed ones are hatched.
    A shade means the same score in the whole column.
    """
    grids = {
        (name, task.name): _trials(comparison.cells[name, task.name])
        for name in optimizers
        for task in comparison.tasks
    }
    num_rates = max(len(_ticks(trials, "learning_rate")) for trials in grids.values())
    num_decays = max(len(_ticks(trials, "weight_decay")) for trials in grids.values())
    width = len(comparison.tasks) * (0.42 * num_rates + 0.7) + 0.5
    # The name of an optimizer stands beside its rows, so it needs room even where they are few.
    height = len(optimizers) * max(0.26 * num_decays + 0.5, LEAST_HEIGHT) + 1.1
    figure = make_figure(width, height)
    rows = figure.subplots(len(optimizers), len(comparison.tasks), squeeze=False)
    for task, column in zip(comparison.tasks, rows.T, strict=True):
        shades = _shades(task, [grids[name, task.name] for name in optimizers])
        for name, axes in zip(optimizers, column, strict=True):
            best = comparison.cells[name, task.name].best
            _draw(axes, task, grids[name, task.name], best, shades)
        label = wrap(metric_label(task), width / len(comparison.tasks) - 0.3)
        column[0].set_title(f"{task.name}\n{label}", fontsize=SMALL)
    for name, axes in zip(optimizers, rows[:, 0], strict=True):
        axes.set_ylabel(name, fontsize=SMALL, fontweight="bold")
    key = (
        "dark: better, the same shades in a column; frame: the best; "
        "hatched: training failed; blank: not tried"
    )
    text = f"learning rate (peak of the schedule)\n{wrap(key, width)}"
    figure.supxlabel(text, fontsize=SMALL)
    if num_decays > 1:
        figure.supylabel("weight decay (multiplied by the learning rate)", fontsize=SMALL)
    return figure


def _trials(tuned: Tuned) -> tuple[GridTrial, ...]:
    return tuned.sensitivity_grid or tuned.trials


def _rounded(value: float) -> float:
    """Round a value, so that steps multiplied up and steps divided down meet."""
    return float(f"{value:.6g}")


def _ticks(trials: Sequence[GridTrial], coordinate: str) -> list[float]:
    return sorted({_rounded(getattr(trial.point, coordinate)) for trial in trials})


def _shades(task: ComparedTask, grids: Sequence[Sequence[GridTrial]]) -> Normalize:
    """Return the shades from the worst score with a shade of its own (0, white) to the best."""
    sign = 1 if task.higher_is_better else -1
    means = [sign * fmean(trial.scores) for trials in grids for trial in trials if trial.scores]
    if not means:
        return Normalize(0, 1)
    low, high = float(np.quantile(means, WORST_QUANTILE)), max(means)
    return Normalize(low, low + max(high - low, 1e-9) / DARKEST, clip=True)


def _draw(
    axes: Axes,
    task: ComparedTask,
    trials: Sequence[GridTrial],
    best: Hyperparameters | None,
    shades: Normalize,
) -> None:
    rates, decays = _ticks(trials, "learning_rate"), _ticks(trials, "weight_decay")
    sign = 1 if task.higher_is_better else -1
    greys = matplotlib.colormaps["Greys"]
    goodness = np.ma.masked_all((len(decays), len(rates)))
    places = {}
    for trial in trials:
        place = (
            decays.index(_rounded(trial.point.weight_decay)),
            rates.index(_rounded(trial.point.learning_rate)),
        )
        row, column = place
        if not trial.scores:
            axes.add_patch(
                Rectangle((column, row), 1, 1, fill=False, hatch="////", edgecolor="0.6")
            )
            continue
        mean = fmean(trial.scores)
        # Among equal means, the outlined cell is the point that tuning chose.
        places[place] = (sign * mean, trial.point == best)
        goodness[place] = sign * mean
        is_dark = sum(greys(shades(sign * mean))[:3]) < 1.5
        axes.text(
            column + 0.5,
            row + 0.5,
            printed_score(task, mean),
            color="white" if is_dark else "black",
            fontsize=TINY,
            ha="center",
            va="center",
        )
    axes.pcolormesh(goodness, cmap=greys, norm=shades)
    if places:
        row, column = max(places, key=places.__getitem__)
        axes.add_patch(Rectangle((column, row), 1, 1, fill=False, linewidth=1.8, clip_on=False))
    axes.set_xticks(np.arange(len(rates)) + 0.5, [f"{rate:.2g}" for rate in rates])
    axes.set_yticks(np.arange(len(decays)) + 0.5, [f"{decay:.2g}" for decay in decays])
    axes.tick_params(labelsize=TINY, length=2)
