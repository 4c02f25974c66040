"""Selection among the programs of runs: staged promotion against tuned baselines.

It may import `search.driver` and what that imports, but no other experiment.
"""

__all__ = [
    "candidates",
    "config",
    "figures",
    "loop",
    "report",
    "result",
    "setup",
    "store",
    "summary",
]
