"""Benchmarks of lionhunt itself, one in each file; `report` prints their results.

This package imports `search.simulation`, the driver and below, and no other experiment.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = [
    "batches",
    "commands",
    "early_stopping",
    "functional_equivalence",
    "growth",
    "language",
    "machine",
    "new_process",
    "report",
    "sample_children",
    "tasks",
    "timing",
]
