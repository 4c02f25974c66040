"""Lionhunt beside other ways to train candidates and to breed them, in one run.

`comparison` measures both, and `report` prints the table. PyTorch, DEAP and PyGlove have
files that import their package at the top. Import such a file only where the package is installed.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = ["comparison", "report"]
