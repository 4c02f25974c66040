"""TODO docstring."""

import enum
from pathlib import Path
from typing import Annotated

import typer

from lionhunt.dsl.export import to_latex, to_optax, to_torch
from lionhunt.search.storage.atomic_file import new_file
from lionhunt.search.storage.program_ref import find_program


class Target(enum.StrEnum):
    """What a program is exported to."""

    OPTAX = "optax"
    TORCH = "torch"
    LATEX = "latex"


_EXPORTS = {Target.OPTAX: to_optax, Target.TORCH: to_torch, Target.LATEX: to_latex}


def export(
    program: Annotated[str, typer.Argument(help="File, library name, RUN:INDEX or RUN:best.")],
    to: Annotated[Target, typer.Option(help="A Python file, or equations.")],
    out: Annotated[Path | None, typer.Option(help="A new file; else it is printed.")] = None,
) -> None:
    """Write a program as code or equations that need nothing of this project."""
    source = find_program(program)
    text = _EXPORTS[to](source.program, source.short_name, source.notes)
    if out is None:
        print(text, end="")
        return
    with new_file(out) as part:
        part.write_text(text, encoding="utf-8")
