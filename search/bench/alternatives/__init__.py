"""Lionhunt beside other ways to train candidates and to breed them, in one run.

`comparison` measures both, and `report` prints the table. Each other tool has a file. The files of
PyTorch, DEAP and PyGlove import their package at the top, so import them only where it is there.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = ["comparison", "report"]
