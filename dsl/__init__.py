"""The language of optimizer programs: read, check, analyze, run, shorten and export them.

    program = dsl.parse(text)                      # raises ProgramError if the text is no program
    program = dsl.library.load("lion")             # a known optimizer
    optimizer = dsl.as_optimizer(program, 1e-4)    # an optax.GradientTransformation

Of Lionhunt this package may import `lionhunt.errors` alone. Importing it does not import jax.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from lionhunt.dsl import library
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.program import Const, InvalidProgram, Program, Statement, Var
from lionhunt.dsl.text.parser import parse
from lionhunt.dsl.text.tokenizer import ProgramError
from lionhunt.dsl.validation import infer

if TYPE_CHECKING:
    from lionhunt.dsl.classification.classifier import classify
    from lionhunt.dsl.execution.compilation import as_optimizer
    from lionhunt.dsl.export import to_latex, to_optax, to_torch
    from lionhunt.dsl.interpreter import evaluate
    from lionhunt.dsl.rewriting import rewrite

__all__ = [
    "Const",
    "InvalidProgram",
    "Program",
    "ProgramError",
    "Statement",
    "Var",
    "as_optimizer",
    "classify",
    "evaluate",
    "fingerprint",
    "infer",
    "library",
    "parse",
    "rewrite",
    "simplify",
    "to_latex",
    "to_optax",
    "to_torch",
]

_MODULE_OF_LAZY_NAME = {
    "as_optimizer": "execution.compilation",
    "classify": "classification.classifier",
    "evaluate": "interpreter",
    "rewrite": "rewriting",
    "to_latex": "export",
    "to_optax": "export",
    "to_torch": "export",
}
"""Public names that are imported at first use, since their modules are heavy."""


def __getattr__(name: str) -> Any:
    """Import a public name at its first use."""
    if name not in _MODULE_OF_LAZY_NAME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    module = import_module(f"{__name__}.{_MODULE_OF_LAZY_NAME[name]}")
    value = globals()[name] = getattr(module, name)
    return value
