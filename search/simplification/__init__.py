"""Simplification of programs, and derivations that justify every step.

May import `dsl`, the leaves and pure packages of `search`, `workers`, `storage`, `environment` and
`driver`; of the other experiments none.
"""

__all__ = [
    "config",
    "deletion_search",
    "loop",
    "measure",
    "report",
    "simplifier",
    "store",
    "summary",
]
