"""The command `lionhunt report`."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.cli.terminal import make_console, print_line


def report(
    folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="Folder of a run, or of another experiment.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="A new file; report.html in the folder by default.")
    ] = None,
) -> None:
    """Write one HTML file of a run or an experiment, to look at.

    The file opens from disk in a browser, without a network. A search may be running.

    \b
    Examples:
      lionhunt report runs/quickstart
      lionhunt report runs/quickstart --out quickstart.html
    """
    from lionhunt.search.api.pages import report as write

    with make_console(stderr=True).status("reading the records"):
        path = write(folder, out)
    print_line(make_console(), f"report: {path}")
