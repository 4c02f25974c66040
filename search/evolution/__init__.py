"""Evolution as a function of the history: mutation, tournaments, and the baselines.

It imports `dsl` and the leaves of `search`; it does no input or output.
"""

__all__ = [
    "baselines",
    "crossover",
    "extra",
    "front",
    "hyperparameters",
    "methods",
    "mutation",
    "mutation_space",
    "regularized",
    "step",
    "tuning",
]
