"""Discover optimizers by searching over programs."""

from lionhunt.errors import LionhuntError

__all__ = ["LionhuntError"]
