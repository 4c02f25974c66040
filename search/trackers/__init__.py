"""Trackers: they pass on the events of a run, and show its curves in other tools.

This package imports the driver and below.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = ["tensorboard"]
