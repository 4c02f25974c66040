"""Rewriting programs into shorter ones that compute the same, each step with its warrant."""

from dsl.rewrite.rewriting import Rewriting, Step, rewrite
from dsl.rewrite.rule import Rule, Warrant
from dsl.rewrite.rules import RULES

__all__ = ["RULES", "Rewriting", "Rule", "Step", "Warrant", "rewrite"]
