"""Judging: the scoring of candidates, and the fitness that their measurements have.

The driver calls the user's functions from here.
"""

__all__ = ["config", "judge", "user_functions"]
