"""A local server of pages that show runs and programs, also while a search runs.

It reads the files of a folder, and writes none of them. Every text from outside passes the
templates, which make it visible and escape it.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = ["start"]
