"""Programs as Python files, for optax and for torch.

It may import the modules directly in `dsl.export`.
"""

from lionhunt.dsl.export.python.optax_file import to_optax
from lionhunt.dsl.export.python.torch_file import to_torch

__all__ = ["to_optax", "to_torch"]
