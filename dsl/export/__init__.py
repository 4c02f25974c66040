"""Programs as files that depend on nothing of this project: for optax, for torch, for a paper."""

from lionhunt.dsl.export.latex.equation_file import to_latex
from lionhunt.dsl.export.python.optax_file import to_optax
from lionhunt.dsl.export.python.torch_file import to_torch

__all__ = ["to_latex", "to_optax", "to_torch"]
