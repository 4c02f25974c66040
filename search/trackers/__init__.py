"""Trackers: they pass on the events of a run, and show its curves in other tools.

This package imports the driver and below. The packages of the tools are extras. They take seconds
to import, so only a run that asks for one imports it.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = ["tracking"]
