"""Figure of training loss and validation metric over the steps of the final trainings."""

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from lionhunt.search.comparison.figures.values import finished, loss_label, metric_label
from lionhunt.search.comparison.result import ComparedTask, Comparison, printed_factor
from lionhunt.search.reporting.figures import (
    BACKGROUND,
    SMALL,
    Look,
    assign_looks,
    make_figure,
    spans_a_decade,
    tidy,
    use_log_axis,
    wrap,
)
from lionhunt.search.statistics import interval

MAX_STRONG = 6
"""Largest number of lines with bands that stay readable where they cross."""
SETTLED = 0.3
"""Share of the steps after which a linear axis must show the strong lines.

They fall so far before that later differences would be hidden."""


def curves_figure(comparison: Comparison, highlighted: Sequence[str] = ()) -> Figure:
    """Draw the mean over final seeds, with a band of the 95 % interval, one column a task.

    The upper row is the training loss. Each point is the mean of the tenth of the steps that ends
    there. The lower row is the validation metric at that step. All but `MAX_STRONG` lines are thin
    and grey, so that they do not hide each other. The means leave out failed seeds; a line below
    the figure counts them. A linear vertical axis shows the range of the strong lines after the
    share `SETTLED` of the steps.

    Args:
        comparison: a comparison with final trainings.
        highlighted: optimizers with strong lines, after the reference. Further ones follow in
            their order as far as there is room.
    """
    first = [comparison.reference, *highlighted, *comparison.optimizers]
    strong = assign_looks(list(dict.fromkeys(first))[:MAX_STRONG])
    grey = [name for name in comparison.optimizers if name not in strong]
    width = max(2.7 * len(comparison.tasks), 5.4)
    figure = make_figure(width, 5.8)
    columns = figure.subplots(2, len(comparison.tasks), sharex="col", squeeze=False).T
    for task, (upper, lower) in zip(comparison.tasks, columns, strict=True):
        losses, scores = {}, {}
        for name in (*grey, *strong):
            finals = finished(comparison, name, task)
            losses[name] = np.asarray([final.training_curve for final in finals])
            scores[name] = printed_factor(task.metric) * np.asarray(
                [final.validation_curve for final in finals]
            )
        _draw(upper, task, losses, strong)
        _draw(lower, task, scores, strong)
        size = f"{task.num_parameters:,} parameters, batches of {task.batch_size:,}"
        upper.set_title(f"{task.name}\n{size}", fontsize=SMALL)
        upper.set_ylabel(loss_label(task), fontsize=SMALL)
        lower.set_ylabel(metric_label(task), fontsize=SMALL)
        failures = _count_failures(comparison, task)
        lower.set_xlabel("\n".join(["training steps", wrap(failures, 2.4)]), fontsize=SMALL)
    handles = [Line2D([], [], label=name, **look._asdict()) for name, look in strong.items()]
    title = "mean of the final seeds, band: 95 % interval; linear axes cut off the first steps"
    if grey:
        title += "\n" + wrap("thin grey lines: " + ", ".join(grey), width)
    figure.legend(
        handles=handles,
        loc="outside lower center",
        ncols=3 if width < 8 else MAX_STRONG,
        fontsize=SMALL,
        title=title,
        title_fontsize=SMALL,
        alignment="left",
    )
    return figure


def _draw(
    axes: Axes, task: ComparedTask, curves: Mapping[str, np.ndarray], strong: Mapping[str, Look]
) -> None:
    """Draw curves of shape (seeds, chunks), in order, so that the last are in front."""
    tidy(axes)
    settled = []
    for name, curve in curves.items():
        look = strong.get(name)
        if not curve.size:
            continue
        num_chunks = curve.shape[1]
        steps = task.num_steps * np.arange(1, num_chunks + 1) / num_chunks
        if look is None:
            axes.plot(steps, curve.mean(axis=0), color=BACKGROUND, linewidth=0.8)
            continue
        intervals = np.asarray([interval(chunk) for chunk in curve.T])
        means, lows, highs = intervals.T
        axes.plot(steps, means, label=name, **look._asdict())
        lows, highs = (np.where(np.isfinite(ends), ends, means) for ends in (lows, highs))
        axes.fill_between(steps, lows, highs, color=look.color, alpha=0.15, linewidth=0)
        settled.append(np.stack([lows, highs])[:, steps >= SETTLED * task.num_steps])
    if spans_a_decade(np.concatenate([curve.ravel() for curve in curves.values()])):
        use_log_axis(axes)
    elif settled:
        low, high = np.min(settled), np.max(settled)
        margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
        axes.set_ylim(low - margin, high + margin)


def _count_failures(comparison: Comparison, task: ComparedTask) -> str:
    num_seeds = len(comparison.final_seeds)
    failures = {
        name: num_seeds - len(finished(comparison, name, task)) for name in comparison.optimizers
    }
    counts = [f"{name} {count}/{num_seeds}" for name, count in failures.items() if count]
    return f"(failed seeds: {', '.join(counts)})" if counts else ""
