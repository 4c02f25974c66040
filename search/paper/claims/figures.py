"""Figures of the report on the claims."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from lionhunt.search.comparison.figures import (
    batch_size_figure,
    curves_figure,
    difference_figure,
    grid_figure,
)
from lionhunt.search.paper.claims.judge_comparisons import ADAMW, LION
from lionhunt.search.paper.claims.registry import BATCH_SIZE, MAIN, VARIANTS
from lionhunt.search.paper.toy_problems import Examples
from lionhunt.search.paper.toy_problems.adabelief_examples import STEPS_A_POINT
from lionhunt.search.paper.toy_problems.figures import paths_figure, response_figure


class Picture(NamedTuple):
    """A figure of the report.

    Attributes:
        name: file name without suffix.
        caption: one line.
        figure: the figure.
    """

    name: str
    caption: str
    figure: Figure


def claims_pictures(results: Mapping[str, Any], examples: Examples | None) -> Iterator[Picture]:
    """Yield a picture for each comparison and example that exists.

    Args:
        results: results of experiments, by name.
        examples: if they were measured.
    """
    if main := results.get(MAIN):
        yield Picture("curves", "Training loss and validation", curves_figure(main))
        caption = "Validation around the best learning rates and weight decays"
        yield Picture("grids", caption, grid_figure(main, (ADAMW, LION)))
    if variants := results.get(VARIANTS):
        yield Picture("variants", "Variants of Lion against AdamW", difference_figure(variants))
    if sizes := results.get(BATCH_SIZE):
        for kind in dict.fromkeys(task.kind for task in sizes.tasks):
            tasks = tuple(task for task in sizes.tasks if task.kind == kind)
            one_kind = dataclasses.replace(sizes, tasks=tasks)
            figure = batch_size_figure(one_kind, (LION,))
            yield Picture(f"batch_size_{kind}", f"Batch sizes of {kind}", figure)
    if examples:
        responses = {r.optimizer: (r.ages, r.responses) for r in examples.responses}
        yield Picture("responses", "The response to one gradient", response_figure(responses))
        paths = {path.optimizer: np.stack([path.xs, path.ys], 1) for path in examples.paths}
        yield Picture("paths", "Paths down |x| + |y|", paths_figure(paths, STEPS_A_POINT))
