"""Selection among the programs of runs: staged promotion against tuned baselines.

It may import `search.driver` and what that imports, but no other experiment.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lionhunt.search.selection import (
        candidates,
        config,
        figures,
        loop,
        report,
        result,
        setup,
        store,
        summary,
    )

__all__ = [
    "candidates",
    "config",
    "figures",
    "loop",
    "report",
    "result",
    "setup",
    "store",
    "summary",
]
