"""The command `lionhunt export`."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from lionhunt.dsl.analysis.properties import faults
from lionhunt.search.api.programs import program
from lionhunt.search.log import warn
from lionhunt.search.storage.atomic_file import new_file


class Target(enum.StrEnum):
    """The formats that a program is exported to."""

    OPTAX = "optax"
    TORCH = "torch"
    LATEX = "latex"


def export(
    ref: Annotated[
        str, typer.Argument(metavar="PROGRAM", help="File, library name, RUN:INDEX or RUN:best.")
    ],
    to: Annotated[Target, typer.Option(help="A Python file, or equations.")],
    name: Annotated[
        str | None, typer.Option(help="Name of the optimizer; that of the program by default.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="A new file; by default it is printed.")] = None,
) -> None:
    """Write a program as optax, torch or LaTeX.

    The file needs nothing of Lionhunt: jax and optax, or torch, or amsmath.

    \b
    Examples:
      lionhunt export lion --to torch
      lionhunt export runs/quickstart:best --to optax --name found --out found.py
    """
    source = program(ref)
    for fault in faults(source.properties):
        warn(f"{ref}: the update {fault}")
    exports = {
        Target.OPTAX: source.to_optax,
        Target.TORCH: source.to_torch,
        Target.LATEX: source.to_latex,
    }
    text = exports[to](name)
    if out is None:
        print(text, end="")
        return
    with new_file(out) as part:
        part.write_text(text, encoding="utf-8")
