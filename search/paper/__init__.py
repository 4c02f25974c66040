"""Experiments about one paper, Chen et al., 2023 (arXiv:2302.06675), and its relatives.

May import `search.comparison`, `search.bench`, `search.dry_run`, `search.driver` and packages below
them.
"""

# pyright: reportUnsupportedDunderAll=false

__all__ = ["claims", "costs", "replication", "toy_problems"]
