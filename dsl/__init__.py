"""The language of optimizer programs: text, abstract execution, and ways to run them.

program = dsl.parse(text)                       # raises ProgramError; or lionhunt.dsl.library.load("lion")
optimizer = dsl.as_optimizer(program, 1e-4)     # an optax.GradientTransformation
"""

from lionhunt.dsl import library
from lionhunt.dsl.analysis.fingerprinting import fingerprint
from lionhunt.dsl.analysis.liveness import simplify
from lionhunt.dsl.execution.compilation import as_optimizer
from lionhunt.dsl.program import Const, InvalidProgram, Program, Statement, Var
from lionhunt.dsl.text.parser import ProgramError, parse
from lionhunt.dsl.validation import infer

__all__ = [
    "Const",
    "InvalidProgram",
    "Program",
    "ProgramError",
    "Statement",
    "Var",
    "as_optimizer",
    "fingerprint",
    "infer",
    "library",
    "parse",
    "simplify",
]
