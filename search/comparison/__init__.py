"""Comparison of optimizers: each is tuned on the same budget, then trained on fresh seeds.

It may import `search.driver` and what that imports, but no other experiment.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lionhunt.search.comparison import (
        config,
        figures,
        loop,
        report,
        result,
        setup,
        store,
        summary,
    )

__all__ = ["config", "figures", "loop", "report", "result", "setup", "store", "summary"]
