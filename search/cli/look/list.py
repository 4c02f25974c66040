"""The command `lionhunt list`."""

import datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich import box
from rich.table import Table
from rich.text import Text

from lionhunt.search.api.folders import list_folders
from lionhunt.search.cli.terminal import Json, make_console
from lionhunt.search.reporting.text import print_json


def list_command(
    folder: Annotated[
        Path, typer.Argument(metavar="[FOLDER]", help="Where to look; runs by default.")
    ] = Path("runs"),
    as_json: Json = False,
) -> None:
    """List runs and experiments with their state.

    A damaged one stands in the list with its problem.

    \b
    Examples:
      lionhunt list
      lionhunt list runs --json
    """
    entries = list_folders(folder)
    if as_json:
        print_json(entries)
        return
    heads = ("folder", "kind", "state", "programs", "best fitness", "last change")
    table = Table(*heads, box=box.SIMPLE)
    for entry in entries:
        table.add_row(*(Text(cell, overflow="fold") for cell in _cells(entry)))
    console = make_console()
    console.print(table)
    for entry in entries:
        if entry["problem"] is not None:
            console.print(Text(entry["problem"]), soft_wrap=True)


def _cells(entry: dict[str, Any]) -> tuple[str, ...]:
    programs, best = entry["programs"], entry["best"]
    return (
        entry["folder"],
        entry["kind"],
        entry["state"],
        "" if programs is None else f"{programs:,}",
        "" if best is None else f"{best:.4f}",
        datetime.datetime.fromtimestamp(entry["change"]).strftime("%Y-%m-%d %H:%M"),
    )
