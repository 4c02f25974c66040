"""Campaigns: searches with several seeds, and a verdict on an aim that the config states.

For every seed, a campaign searches, selects a program on other tasks, and simplifies it. Then it
compares all found programs with known optimizers on unseen tasks. Ablations are in
`search.campaign.ablation`. May import the experiments, `search.paper.replication` and packages
below them. The figures are in `search.campaign.figures`, which imports matplotlib.
"""

__all__ = [
    "ablation",
    "aim",
    "candidates",
    "config",
    "dry_run",
    "figures",
    "found",
    "loop",
    "report",
    "result",
    "summary",
]
