"""One run: its configuration, the loop that makes it, and its summary.

This package imports evolution, evaluation, workers, storage and the leaves of `search`. Import its
modules by name: a face that imported them would start JAX for a configuration.
"""

# pyright: reportUnsupportedDunderAll=false
__all__ = [
    "config",
    "families",
    "hall_of_fame",
    "judging",
    "objectives",
    "progress",
    "recorded",
    "reference",
    "report",
    "run_log",
    "scoring",
    "search_loop",
    "setup",
    "summary",
]
