"""Evaluation of a candidate: training, early stopping, measurement, outcome and fitness.

It imports `dsl`, `proxy_tasks` and the leaves of `search`; it does no input or output.
"""

__all__ = ["early_stopping", "evaluator", "fitness", "job", "outcome", "ranking", "scorer", "seeds"]
