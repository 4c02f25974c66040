"""Figures of a comparison.

It may import matplotlib, `search.reporting.figures` and `search.comparison.result`.
"""

from matplotlib.figure import Figure

from lionhunt.search.comparison.figures.batch_size import batch_size_figure
from lionhunt.search.comparison.figures.forest import difference_figure
from lionhunt.search.comparison.figures.heat_map import grid_figure
from lionhunt.search.comparison.figures.learning_curves import curves_figure
from lionhunt.search.comparison.result import Comparison

__all__ = [
    "batch_size_figure",
    "comparison_figures",
    "curves_figure",
    "difference_figure",
    "grid_figure",
]


def comparison_figures(
    comparison: Comparison, highlighted: tuple[str, ...] = ()
) -> dict[str, Figure]:
    """Draw all figures that fit a comparison, by the names of their files.

    Args:
        comparison: a comparison with any tasks.
        highlighted: optimizers to emphasize beside the reference; the first other by default.
    """
    others = [name for name in comparison.optimizers if name != comparison.reference]
    emphasized = [comparison.reference, *(highlighted or others[:1])]
    figures = {
        "learning_curves": curves_figure(comparison, highlighted),
        "grid": grid_figure(comparison, emphasized),
    }
    if others:
        figures["difference"] = difference_figure(comparison)
    kinds = {(task.kind, task.metric) for task in comparison.tasks}
    batch_sizes = {task.batch_size for task in comparison.tasks}
    if len(kinds) == 1 and 1 < len(batch_sizes) == len(comparison.tasks):
        figures["batch_size"] = batch_size_figure(comparison, comparison.optimizers)
    return figures
