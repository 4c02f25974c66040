"""Racing: the training of promising programs on further seeds, against luck.

This package imports the configuration of a run, evaluation and storage.
"""

__all__ = ["config", "fresh", "luck", "optimism", "race"]
