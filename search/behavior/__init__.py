"""Recorded gradients of small proxy tasks, on which programs are compared by their behavior.

It may import `workers`, and what is above it in the list of `docs/architecture.md`.
"""

__all__ = ["recording"]
