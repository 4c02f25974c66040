"""The Python API: what `import lionhunt` offers, and what the command line calls.

It may import every package of `search` except `cli`.
"""

__all__ = ["configs", "experiments", "programs", "runs"]
