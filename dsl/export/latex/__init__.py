"""Programs as equations in LaTeX; it may import the modules directly in `dsl.export`."""

from lionhunt.dsl.export.latex.equation_file import to_latex

__all__ = ["to_latex"]
