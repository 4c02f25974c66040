"""Programs as files that do not depend on this project: optax, torch and LaTeX.

It may import `dsl.analysis`, `dsl.text` and the modules directly in `dsl`.
"""

from lionhunt.dsl.export.latex import to_latex
from lionhunt.dsl.export.python import to_optax, to_torch

__all__ = ["to_latex", "to_optax", "to_torch"]
