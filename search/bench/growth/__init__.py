"""Growth of time and memory with each size of a search, one axis in each file.

It imports what `search.bench` may import.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = ["figures", "loop", "report", "slopes"]
