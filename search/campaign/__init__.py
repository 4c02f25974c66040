"""Campaigns: searches with several seeds, and a verdict on an aim that the config states.

For every seed, a campaign searches, selects a program on other tasks, and simplifies it. Then it
compares all found programs with known optimizers on unseen tasks. May import the experiments,
`search.paper.replication` and packages below them. The figures are in `search.campaign.figures`,
which imports matplotlib.
"""

__all__ = [
    "aim",
    "candidates",
    "config",
    "dry_run",
    "figures",
    "loop",
    "report",
    "result",
    "summary",
]
