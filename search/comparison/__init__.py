"""Comparison of optimizers: each is tuned on the same budget, then trained on fresh seeds.

It may import `search.driver` and what that imports, but no other experiment.
"""

__all__ = ["config", "figures", "loop", "report", "result", "setup", "store", "summary"]
