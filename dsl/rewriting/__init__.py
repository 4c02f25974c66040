"""Equality saturation with proofs: shorter programs, each step with its justification.

It may import the files of `dsl` and `dsl.analysis`. Other packages also use `dsl.rewriting.terms`.
"""

from lionhunt.dsl.rewriting.rewriter import RewriteStep, Rewriting, rewrite
from lionhunt.dsl.rewriting.rule import Justification, Rule
from lionhunt.dsl.rewriting.rules import RULES

__all__ = ["RULES", "Justification", "RewriteStep", "Rewriting", "Rule", "rewrite"]
