"""Ablations: searches that differ in one remedy, and a table of what each remedy is worth.

Each variant searches with several seeds and the same training. Then one comparison trains the best
program of every search with fresh seeds, beside known optimizers. The figure is in
`search.campaign.ablation.figures`, which imports matplotlib.
"""

__all__ = ["config", "dry_run", "figures", "loop", "report", "result", "summary"]
