"""Exact experiments on toy problems, taken from papers on other optimizers.

May import dsl, `search.statistics` and `search.reporting`.
"""

from lionhunt.search.paper.toy_problems.report import (
    Examples,
    example_blocks,
    measure_examples,
    summarize_examples,
)

__all__ = ["Examples", "example_blocks", "measure_examples", "summarize_examples"]
