"""Rewriting programs into shorter ones that compute the same, each step with its warrant."""

from lionhunt.dsl.rewriting.rewriter import RewriteStep, Rewriting, rewrite
from lionhunt.dsl.rewriting.rule import Justification, Rule
from lionhunt.dsl.rewriting.rules import RULES

__all__ = ["RULES", "Rewriting", "Rule", "RewriteStep", "Justification", "rewrite"]
