"""The command `lionhunt select`."""

from pathlib import Path
from typing import Annotated

import typer

from lionhunt.search.api import experiments
from lionhunt.search.cli.terminal import (
    Json,
    Settings,
    Workers,
    activity_display,
    make_console,
    print_line,
)
from lionhunt.search.interrupt import set_way_on_with
from lionhunt.search.reporting.text import print_json
from lionhunt.search.selection.report import print_selection, to_activity
from lionhunt.search.selection.stage import SelectionProgress


def select(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Folders of runs.")],
    config: Annotated[
        str, typer.Option(metavar="CONFIG", help="A TOML file, or the name of a bundled config.")
    ],
    out: Annotated[
        Path | None, typer.Option(help="Folder of the selection; runs/NAME by default.")
    ] = None,
    workers: Workers = None,
    settings: Settings = None,
    as_json: Json = False,
) -> None:
    """Select programs that beat tuned baselines on larger tasks.

    The same command continues a selection that was stopped or killed.

    \b
    Examples:
      lionhunt select runs/quickstart --config select_quickstart
      lionhunt select runs/a runs/b --config my_selection.toml --out runs/selected
    """
    console = make_console(stderr=as_json)

    def on_start(folder: Path, line: str) -> None:
        set_way_on_with(folder)
        print_line(console, f"selection {folder}: {line}")

    with activity_display(console, "reading the runs") as show:

        def on_progress(progress: SelectionProgress) -> None:
            show(to_activity(progress))

        report = experiments.select(runs, config, out, workers, settings, on_progress, on_start)
    if as_json:
        print_json(report.summary)
    else:
        print_selection(console, report.summary, report.folder)
