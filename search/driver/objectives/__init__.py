"""Objectives beside fitness: costs as limits, weights and axes of a Pareto front."""

__all__ = ["axes", "config", "cost_book", "elite", "front"]
