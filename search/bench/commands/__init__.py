"""Benchmarks of whole commands: their start, their profile, and a long run without training."""

__all__ = ["profile", "records", "start"]
