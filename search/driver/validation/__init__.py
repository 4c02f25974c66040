"""Validation of a run: its best programs on tasks that no tournament sees.

This package imports the configuration of a run, evaluation and storage.
"""

__all__ = ["config", "curve", "report", "validator"]
