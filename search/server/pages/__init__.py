"""The pages of the server, one module for each kind of page."""

__all__ = [
    "comparison",
    "difference",
    "experiment",
    "folders",
    "job",
    "program",
    "run",
    "search",
]
