"""The polynomial normal form of terms, an independent check of the rules of rewriting.

It may import `dsl`, `dsl.analysis` and `dsl.rewriting.terms`, and nothing that knows rules.
"""

from lionhunt.dsl.rewriting.polynomials.monomials import Form
from lionhunt.dsl.rewriting.polynomials.normal_form import normal_forms

__all__ = ["Form", "normal_forms"]
