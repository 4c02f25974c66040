"""Functions of the user in Python: a context for them, and methods that know them."""

import functools
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

if TYPE_CHECKING:
    from lionhunt.dsl.op_table import OpTable
    from lionhunt.search.api.programs import OptimizerProgram

P = ParamSpec("P")
T = TypeVar("T")


def functions(*names: str | Path) -> "OpTable":
    """Return a context in which functions of your own are words of the language.

    A program that you make in it keeps them. A run that names them in its config needs no context.

    Args:
        names: files with functions, dotted names of modules, or names of entry points.

    Raises:
        LionhuntError: a file cannot be loaded, or a function in it is wrong.
    """
    from lionhunt.search.user_code.functions import load_functions

    return load_functions(map(str, names))


def with_functions(
    method: "Callable[Concatenate[OptimizerProgram, P], T]",
) -> "Callable[Concatenate[OptimizerProgram, P], T]":
    """Let a method know the functions that its program was read with."""

    @functools.wraps(method)
    def known(self: "OptimizerProgram", *args: P.args, **kwargs: P.kwargs) -> T:
        with self.source.functions:
            return method(self, *args, **kwargs)

    return known


def with_loaded_functions(
    method: "Callable[Concatenate[OptimizerProgram, P], T]",
) -> "Callable[Concatenate[OptimizerProgram, P], T]":
    """Let a method know the functions that its program was read with, and their expressions."""

    @functools.wraps(method)
    def known(self: "OptimizerProgram", *args: P.args, **kwargs: P.kwargs) -> T:
        with self.source.functions.loaded():
            return method(self, *args, **kwargs)

    return known
