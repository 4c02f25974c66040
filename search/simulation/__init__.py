"""Searches with thousands of simulated workers: the load of the driver, idle workers, and lag.

It imports `search.driver` and all packages that `search.driver` may import.
"""

__all__ = ["figures", "loop", "report"]
