"""Simplification of programs, and derivations that justify every step.

May import `dsl`, the leaves and pure packages of `search`, `workers`, `storage`, `environment` and
`driver`; of the other experiments none.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lionhunt.search.simplification import (
        config,
        deletion_search,
        loop,
        measure,
        report,
        simplifier,
        summary,
    )

__all__ = ["config", "deletion_search", "loop", "measure", "report", "simplifier", "summary"]
