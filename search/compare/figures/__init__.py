"""The pictures of a comparison."""

from search.compare.figures.batch_size import batch_size_figure
from search.compare.figures.curves import curves_figure
from search.compare.figures.difference import difference_figure
from search.compare.figures.grid import grid_figure

__all__ = ["batch_size_figure", "curves_figure", "difference_figure", "grid_figure"]
