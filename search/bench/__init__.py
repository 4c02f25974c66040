"""Benchmarks of lionhunt itself, one in each file; `report` prints their results.

This package imports the driver and below, and no other experiment.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = [
    "batches",
    "early_stopping",
    "functional_equivalence",
    "language",
    "machine",
    "records",
    "report",
    "sample_children",
    "tasks",
    "timing",
]
