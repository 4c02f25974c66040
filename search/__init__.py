"""Search over programs, and the experiments on its results."""

__all__ = [
    "api",
    "bench",
    "cli",
    "comparison",
    "driver",
    "evaluation",
    "evolution",
    "paper",
    "reporting",
    "selection",
    "simplification",
    "simulation",
    "storage",
    "trackers",
    "workers",
]
