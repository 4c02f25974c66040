"""Evolution as a function of the history: mutation, tournaments, and the baselines.

It imports `dsl` and the leaves of `search`; it does no input or output.
"""

__all__ = [
    "baselines",
    "front",
    "hyperparameters",
    "methods",
    "mutation",
    "regularized",
    "step",
    "tuning",
]
