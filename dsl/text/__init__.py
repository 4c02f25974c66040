"""Program text: reading it, its errors, and its docstring. May import the modules of `dsl`."""

from lionhunt.dsl.text.docstring import NamedConstant, ProgramDoc, parse_docstring
from lionhunt.dsl.text.parser import parse, parse_with_docstring
from lionhunt.dsl.text.tokenizer import ProgramError

__all__ = [
    "NamedConstant",
    "ProgramDoc",
    "ProgramError",
    "parse",
    "parse_docstring",
    "parse_with_docstring",
]
