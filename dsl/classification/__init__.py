"""Classification: the known optimizer nearest to a program, and names for its variables by role.

It may import the files of `dsl`, `dsl.analysis`, `dsl.edits`, `dsl.export`, `dsl.library`,
`dsl.rewriting` and `dsl.text`.
"""

from lionhunt.dsl.classification.classifier import Classification, Likeness, classify
from lionhunt.dsl.classification.constant_matching import match_constants
from lionhunt.dsl.classification.variable_roles import name_by_role

__all__ = ["Classification", "Likeness", "classify", "match_constants", "name_by_role"]
