"""Rewriting programs into shorter ones that compute the same, each step with its warrant."""

from dsl.rewrite.rewriting import Rewriting, Step, rewrite
from dsl.rewrite.rules import RULES, Rule, Warrant

__all__ = ["RULES", "Rewriting", "Rule", "Step", "Warrant", "rewrite"]
