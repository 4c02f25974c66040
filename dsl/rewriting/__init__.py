"""Rewriting programs into shorter ones that compute the same, each step with its warrant."""

from lionhunt.dsl.rewriting.rewriter import Rewriting, Step, rewrite
from lionhunt.dsl.rewriting.rule import Rule, Warrant
from lionhunt.dsl.rewriting.rules import RULES

__all__ = ["RULES", "Rewriting", "Rule", "Step", "Warrant", "rewrite"]
