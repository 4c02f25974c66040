"""Rewriting programs into shorter ones that compute the same, each step with its warrant."""
