"""Which pictures go with a report of the claims."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
from matplotlib.figure import Figure

from lionhunt.search.comparison.figures import (
    batch_size_figure,
    curves_figure,
    difference_figure,
    grid_figure,
)
from lionhunt.search.comparison.result import Comparison
from lionhunt.search.paper.claims.judge_comparisons import ADAMW, LION
from lionhunt.search.paper.claims.registry import BATCH_SIZE, MAIN, VARIANTS
from lionhunt.search.paper.toy_problems.adabelief_examples import STEPS_A_POINT
from lionhunt.search.paper.toy_problems.figures import paths_figure, response_figure
from lionhunt.search.paper.toy_problems.report import Examples


class Picture(NamedTuple):
    """A figure of the report.

    Attributes:
        name: of its files.
        caption: what it shows.
        figure: it.
    """

    name: str
    caption: str
    figure: Figure


def claims_pictures(
    comparisons: Mapping[str, Comparison], examples: Examples | None
) -> Iterator[Picture]:
    """Pictures of what there is.

    Args:
        comparisons: those that were made, by the names of their experiments.
        examples: if they were worked out.
    """
    if main := comparisons.get(MAIN):
        yield Picture("curves", "Training loss and validation", curves_figure(main))
        caption = "Validation around the best learning rates and weight decays"
        yield Picture("grids", caption, grid_figure(main, (ADAMW, LION)))
    if variants := comparisons.get(VARIANTS):
        yield Picture("variants", "Variants of Lion against AdamW", difference_figure(variants))
    if sizes := comparisons.get(BATCH_SIZE):
        for kind in dict.fromkeys(task.kind for task in sizes.tasks):
            tasks = tuple(task for task in sizes.tasks if task.kind == kind)
            one_kind = dataclasses.replace(sizes, tasks=tasks)
            figure = batch_size_figure(one_kind, (LION,))
            yield Picture(f"batch_size_{kind}", f"Batch sizes of {kind}", figure)
    if examples:
        responses = {each.optimizer: (each.ages, each.responses) for each in examples.responses}
        yield Picture("responses", "The response to one gradient", response_figure(responses))
        paths = {each.optimizer: np.stack([each.xs, each.ys], 1) for each in examples.paths}
        yield Picture("paths", "Ways down |x| + |y|", paths_figure(paths, STEPS_A_POINT))
