"""The command `lionhunt diff`."""

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from lionhunt.dsl.analysis.alignment import Alignment, LineMark, align
from lionhunt.search.cli.terminal import Json, make_console, program_or_excerpt
from lionhunt.search.reporting.text import print_json

_SIGNS = {
    LineMark.SAME: ("=", "dim"),
    LineMark.CONSTANTS: ("c", "yellow"),
    LineMark.CHANGED: ("~", "yellow"),
    LineMark.REMOVED: ("-", "red"),
    LineMark.ADDED: ("+", "green"),
}
_LEGEND = (
    "= computes the same   c same but for constants   ~ same function of changed values   "
    "- only left   + only right"
)


def diff(
    left: Annotated[str, typer.Argument(metavar="A", help="File, library name or RUN:INDEX.")],
    right: Annotated[str, typer.Argument(metavar="B", help="The same.")],
    as_json: Json = False,
) -> None:
    """Compare two programs by what their statements compute.

    Names do not matter. Statements that compute the same value stand on one line. Statements
    without an effect are left out. States are paired so that most statements agree.

    \b
    Examples:
      lionhunt diff lion signum
      lionhunt diff runs/quickstart:best adamw --json
    """
    sources = [program_or_excerpt(ref, as_json) for ref in (left, right)]
    alignment = align(*(source.program for source in sources))
    if as_json:
        print_json(_summarize(alignment, left, right))
    else:
        _print(make_console(), alignment, left, right)


def _summarize(alignment: Alignment, left: str, right: str) -> dict[str, object]:
    return {
        "left": left,
        "right": right,
        "is_same": alignment.is_same,
        "states": [list(pair) for pair in alignment.states],
        "lines": [
            line._asdict() | {"mark": line.mark.value, "constants": list(map(list, line.constants))}
            for line in alignment.lines
        ],
        "outputs": [
            {"left": one, "right": two, "is_same": is_same}
            for one, two, is_same in alignment.outputs
        ],
    }


def _print(console: Console, alignment: Alignment, left: str, right: str) -> None:
    table = Table("", left, right, "constants", box=None, padding=(0, 2, 0, 0))
    for line in alignment.lines:
        sign, style = _SIGNS[line.mark]
        constants = ", ".join(f"{one!r} -> {two!r}" for one, two in line.constants)
        cells = (sign, line.left or "", line.right or "", constants)
        table.add_row(*(Text(cell, style=style, overflow="fold") for cell in cells))
    console.print(table)
    console.print(Text(_LEGEND, style="dim"))
    states = ", ".join(f"{one or 'none'} = {two or 'none'}" for one, two in alignment.states)
    console.print(Text(f"states: {states or 'none'}"))
    for one, two, is_same in alignment.outputs:
        name = one if one == two else f"{one} = {two}"
        console.print(Text(f"new {name}: {'the same' if is_same else 'differs'}"))
    same = "compute the same updates" if alignment.is_same else "differ"
    console.print(Text(f"the programs {same}", style="bold"))
